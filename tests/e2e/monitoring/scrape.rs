/// The metrics of an origin, in the OpenMetrics format that it prints.
pub(super) struct Scrape(String);

impl Scrape {
    pub(super) fn of(text: &str) -> Scrape {
        Scrape(text.to_owned())
    }

    /// Whether there is a series of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.series(name).next().is_some()
    }

    /// Whether a series of this name has this label.
    pub(super) fn has_label(&self, name: &str, label: &str, value: &str) -> bool {
        let label = format!("{label}=\"{value}\"");
        self.series(name).any(|labels| labels.split(',').any(|found| found == label))
    }

    /// The labels of each series of this name.
    fn series(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?;
            match rest.strip_prefix('{') {
                Some(labels) => labels.split_once('}').map(|(labels, _)| labels),
                None => rest.starts_with(' ').then_some(""),
            }
        })
    }

    /// The same in the older text format. `promtool check metrics` knows no other; Prometheus itself reads both.
    ///
    /// They differ in this: OpenMetrics describes a counter under its name without `_total`, and has units.
    pub(super) fn as_text_format(&self) -> String {
        let counters: Vec<&str> =
            self.0.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
        let described = |line: &str| {
            let mut words = line.splitn(4, ' ');
            let (hash, kind, name, rest) = (words.next()?, words.next()?, words.next()?, words.next()?);
            (hash == "#" && counters.contains(&name)).then(|| format!("# {kind} {name}_total {rest}\n"))
        };
        let lines = self.0.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF");
        lines.map(|line| described(line).unwrap_or_else(|| format!("{line}\n"))).collect()
    }
}
