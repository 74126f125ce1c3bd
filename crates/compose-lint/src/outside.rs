//! What files outside the project directory hold, kept out of findings and fixes.
//!
//! A repository can name any file of the machine: `include: [/etc/shadow]`, a link, `COMPOSE_FILE=../x` in
//! its `.env`. Whoever reads the answer, in the log of a CI service for example, must learn nothing from it
//! but where in that file something is wrong, and no fix may copy a word of it elsewhere.

use super::{Diagnostic, Fix, Rule};
use compose_model::project::Project;
use compose_syntax::order::Index;

/// In place of what is not shown.
const GAP: &str = "…";

/// The words of files outside that no file of the project has.
pub struct Outside<'p> {
    project: &'p Project,
    rules: &'p [&'p Rule],
    words: Index<'p>,
    /// Those of the rules' own pages, which a sentence may have by itself.
    common: Index<'p>,
}

impl<'p> Outside<'p> {
    /// `None` where every file is one of the project.
    pub fn new(project: &'p Project, rules: &'p [&'p Rule]) -> Option<Outside<'p>> {
        if project.outside.is_empty() {
            return None;
        }
        let mut known = Index::default();
        let is_inside = |it: &usize| !project.outside.iter().any(|file| file.0 as usize == *it);
        let sources = || project.sources.iter().enumerate();
        let texts = sources().filter(|(index, _)| is_inside(index));
        let texts = texts.map(|(_, source)| source.text.as_str());
        let names = project.sources.iter().map(|it| it.name.as_str());
        let given = [project.folder_name.as_str(), project.folder()];
        for word in texts.chain(names).chain(given).flat_map(split) {
            known.add(word);
        }
        let mut words = Index::default();
        let hidden = sources().filter(|(index, _)| !is_inside(index));
        for word in hidden.flat_map(|(_, source)| split(&source.text)) {
            if !known.contains(word) {
                words.add(word);
            }
        }
        let mut common = Index::default();
        for word in rules.iter().flat_map(|rule| split(rule.docs)) {
            if word.chars().all(|it| it.is_ascii_lowercase()) {
                common.add(word);
            }
        }
        Some(Outside {
            project,
            rules,
            words,
            common,
        })
    }

    /// Takes out of the diagnostic whatever the files outside hold.
    pub fn conceal(&self, it: &mut Diagnostic) {
        if self.project.is_outside(it.span.file) {
            let rule = self.rules.iter().find(|rule| rule.id == it.rule);
            it.message = format!(
                "{}; the text is not shown, as the file is outside the project directory",
                rule.map_or("", |rule| rule.summary()).trim_end_matches('.')
            );
            it.why = None;
            it.related.clear();
            it.fixes.clear();
            it.opens = None;
            return;
        }
        it.message = self.without(&it.message);
        it.why = it.why.as_deref().map(|why| self.without(why));
        for (span, message) in &mut it.related {
            *message = match self.project.is_outside(span.file) {
                true => "outside the project directory".to_owned(),
                false => self.without(message),
            };
        }
        it.fixes.retain(|fix| !self.has(fix));
    }

    /// Whether the fix changes a file outside, or copies something from one.
    pub fn has(&self, fix: &Fix) -> bool {
        let texts = fix.edit.iter().map(|it| it.insert.as_str());
        let mut texts = texts.chain([fix.title.as_str()]);
        let mut edits = fix.edit.iter();
        texts.any(|text| self.without(text) != text)
            || edits.any(|it| self.project.is_outside(it.span.file))
    }

    /// A sentence without foreign words: between backticks all of them count, elsewhere those that no
    /// rule's page has, as a sentence has words of its own.
    fn without(&self, sentence: &str) -> String {
        let mut res = String::new();
        for (index, part) in sentence.split('`').enumerate() {
            if index > 0 {
                res.push('`');
            }
            let is_quoted = index % 2 == 1;
            let is_hidden = |word: &str| {
                self.words.contains(word) && (is_quoted || !self.common.contains(word))
            };
            if is_quoted && split(part).any(is_hidden) {
                res.push_str(GAP);
                continue;
            }
            let mut part = part.to_owned();
            let hidden: Vec<String> = split(&part)
                .filter(|it| is_hidden(it))
                .map(str::to_owned)
                .collect();
            for word in hidden {
                part = part.replace(&word, GAP);
            }
            res.push_str(&part);
        }
        res
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|it: char| it.is_ascii() && !it.is_ascii_alphanumeric() && it != '_');
    words.filter(|it| !it.is_empty())
}
