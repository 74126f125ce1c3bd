//! Writes `directive arg;` and `name { … }`, indented: the syntax that nginx-like files share.

#[derive(Default)]
pub(super) struct Block {
    out: String,
    depth: usize,
}

impl Block {
    pub(super) fn directive(&mut self, name: &str, args: &[&str]) {
        self.line(&format!("{name} {};", args.join(" ")));
    }

    pub(super) fn block(&mut self, head: &str, body: impl FnOnce(&mut Block)) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }

    pub(super) fn comment(&mut self, text: &str) {
        for line in text.lines() {
            self.line(&format!("# {line}"));
        }
    }

    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(&"    ".repeat(self.depth));
        self.out.push_str(line);
        self.out.push('\n');
    }
}
