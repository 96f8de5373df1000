//! A small org chart: each person has a manager and a limit up to which nobody else is asked.

use serde::Serialize;

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Person {
    email: &'static str,
    name: &'static str,
    title: &'static str,
    department: &'static str,
    /// Nobody is above the director.
    manager: Option<&'static str>,
    /// Cents.
    limit: i64,
}

const PEOPLE: [Person; 5] = [
    Person {
        email: "ada@example.com",
        name: "Ada",
        title: "Director",
        department: "office",
        manager: None,
        limit: 5_000_000,
    },
    Person {
        email: "grace@example.com",
        name: "Grace",
        title: "Head of workshop",
        department: "workshop",
        manager: Some("ada@example.com"),
        limit: 500_000,
    },
    Person {
        email: "linus@example.com",
        name: "Linus",
        title: "Technician",
        department: "workshop",
        manager: Some("grace@example.com"),
        limit: 20_000,
    },
    Person {
        email: "olivia@example.com",
        name: "Olivia",
        title: "Office manager",
        department: "office",
        manager: Some("ada@example.com"),
        limit: 50_000,
    },
    Person {
        email: "finance@example.com",
        name: "Francis",
        title: "Accountant",
        department: "office",
        manager: Some("ada@example.com"),
        limit: 0,
    },
];

pub(super) fn by_email(email: &str) -> Option<Person> {
    PEOPLE
        .into_iter()
        .find(|person| person.email.eq_ignore_ascii_case(email))
}

#[cfg(test)]
mod tests {
    use super::{PEOPLE, by_email};

    #[test]
    fn every_way_up_ends_at_the_director() {
        for person in PEOPLE {
            let chain = std::iter::successors(Some(person), |below| by_email(below.manager?));
            let top = chain
                .take(PEOPLE.len())
                .last()
                .expect("a chain holds at least its first person");
            assert_eq!(top.title, "Director", "from {}", person.email);
        }
    }
}
