//! Licence expressions as crates write them (SPDX with `OR`, `AND`, `WITH`, brackets, and the old `/`).

/// Licences that anyone may use under either of ours.
const ALLOWED: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
];

/// Why a licence is refused; `None` when it is accepted.
pub fn refuse(written: &str) -> Option<String> {
    if written.trim().is_empty() {
        return Some("names no licence".to_owned());
    }
    let tokens = tokens(written);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
    };
    match reader.any() {
        Some(is_allowed) if reader.at == tokens.len() => {
            (!is_allowed).then(|| format!("licence `{written}` is not on our list"))
        }
        _ => Some(format!("licence `{written}` cannot be read")),
    }
}

fn tokens(written: &str) -> Vec<String> {
    let spaced = written
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// Reads `any := all (OR all)*`, `all := one (AND one)*`, `one := ( any ) | NAME [WITH NAME]`.
struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Option<bool> {
        let mut is_allowed = self.all()?;
        while self.take("OR") {
            is_allowed |= self.all()?;
        }
        Some(is_allowed)
    }

    fn all(&mut self) -> Option<bool> {
        let mut is_allowed = self.one()?;
        while self.take("AND") {
            is_allowed &= self.one()?;
        }
        Some(is_allowed)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let is_allowed = self.any()?;
            return self.take(")").then_some(is_allowed);
        }
        let mut name = self.name()?;
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.name()?);
        }
        Some(ALLOWED.contains(&name.as_str()))
    }

    fn name(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at)?;
        if ["OR", "AND", "WITH", "(", ")"].contains(&token.as_str()) {
            return None;
        }
        self.at += 1;
        Some(token.clone())
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_next = self
            .tokens
            .get(self.at)
            .is_some_and(|token| token == wanted);
        self.at += usize::from(is_next);
        is_next
    }
}

#[cfg(test)]
mod tests;
