//! The one way out: every outbound socket of Segue is opened here.
