//! Writes `directive arg` and `name { … }`, indented: the syntax that nginx-like files share.

pub(super) struct Block {
    out: String,
    depth: usize,
    indent: &'static str,
    /// What ends a directive.
    end: &'static str,
}

impl Block {
    /// As nginx has it: `directive arg;`.
    pub(super) fn nginx() -> Block {
        Block::new("    ", ";")
    }

    /// As `caddy fmt` has it: tabs, and a directive ends with its line.
    pub(super) fn caddy() -> Block {
        Block::new("\t", "")
    }

    pub(super) fn directive(&mut self, name: &str, args: &[&str]) {
        self.line(&format!("{name} {}{}", args.join(" "), self.end));
    }

    pub(super) fn block(&mut self, head: &str, body: impl FnOnce(&mut Block)) {
        self.line(format!("{head} {{").trim_start());
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

    pub(super) fn line(&mut self, line: &str) {
        self.out.push_str(&self.indent.repeat(self.depth));
        self.out.push_str(line);
        self.out.push('\n');
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn new(indent: &'static str, end: &'static str) -> Block {
        Block {
            out: String::new(),
            depth: 0,
            indent,
            end,
        }
    }
}
