use super::Meter;

#[test]
fn a_meter_is_never_overdrawn_and_gets_everything_back() {
    let meter = Meter::new("bytes", 10);
    let mut first = meter.take(6).expect("fits");
    assert!(meter.take(5).is_err(), "6 + 5 is over 10");
    first.grow(4).expect("fills it");
    assert!(first.grow(1).is_err());
    assert!(meter.take(usize::MAX).is_err(), "no overflow");
    assert!(meter.take(0).is_ok(), "nothing always fits");
    drop(first);
    drop(meter.take(10).expect("all of it again"));
    assert!(meter.take(10).is_ok());
}
