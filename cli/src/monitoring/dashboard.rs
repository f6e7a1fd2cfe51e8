//! The dashboard of Grafana: its JSON model, made of the graphs.

use serde_json::{Value, json};

use crate::monitoring::graphs::{Graph, Kind, ROWS, STATES};

/// Grafana's grid has so many columns.
const COLUMNS: usize = 24;

/// The dashboard as text.
///
/// # Panics
/// Never: plain numbers and texts can be written as JSON.
#[must_use]
pub fn json(title: &str) -> String {
    let mut places = Places::default();
    let mut panels = Vec::new();
    for (row, graphs) in ROWS {
        panels.push(json!({
            "id": places.id(),
            "type": "row",
            "title": row,
            "collapsed": false,
            "gridPos": places.row(),
            "panels": [],
        }));
        panels.extend(graphs.iter().map(|graph| panel(graph, &mut places)));
    }
    let dashboard = json!({
        "uid": "fusebox",
        "title": title,
        "description": "The circuit breakers of a panel, made by `fusebox dashboard` for what `fusebox serve` tells at /metrics.",
        "tags": ["fusebox"],
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": { "from": "now-1h", "to": "now" },
        "refresh": "30s",
        "templating": { "list": variables() },
        "annotations": { "list": [] },
        "panels": panels,
    });
    serde_json::to_string_pretty(&dashboard).expect("numbers and texts")
}

/// All expressions, with `$job` and `$breaker` as Grafana replaces them by default.
#[must_use]
pub fn expressions() -> Vec<String> {
    let all = ROWS.iter().flat_map(|(_, graphs)| *graphs);
    all.flat_map(|graph| graph.series)
        .map(|(expression, _)| {
            matched(expression)
                .replace("$job", ".*")
                .replace("$breaker", ".*")
                .replace("$__rate_interval", "1m")
        })
        .collect()
}

/// Matchers by the dashboard's variables: of the breaker and the job, or of the job alone
/// where a metric has no breaker.
fn matched(expression: &str) -> String {
    let of_all = ["fusebox_panel_", "fusebox_tuning_"].iter().any(|it| expression.contains(it));
    let matchers = if of_all { "job=~\"$job\"" } else { "job=~\"$job\",breaker=~\"$breaker\"" };
    expression
        .replace("{!}", "{job=~\"$job\"}")
        .replace("{@}", &format!("{{{matchers}}}"))
        .replace('@', &format!(",{matchers}"))
}

fn variables() -> Value {
    let source = source();
    let of_label = |name: &str, label: &str, query: &str| {
        json!({
            "type": "query",
            "name": name,
            "label": label,
            "datasource": source,
            "query": { "query": query, "refId": "variable" },
            "refresh": 2,
            "sort": 1,
            "multi": true,
            "includeAll": true,
            "allValue": ".*",
            "current": { "text": "All", "value": "$__all" },
        })
    };
    json!([
        { "type": "datasource", "name": "source", "label": "Prometheus", "query": "prometheus" },
        of_label("job", "Job", "label_values(fusebox_panel_up, job)"),
        of_label("breaker", "Breaker", "label_values(fusebox_breaker_state{job=~\"$job\"}, breaker)"),
    ])
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${source}" })
}

fn panel(graph: &Graph, places: &mut Places) -> Value {
    let (width, height) = match graph.kind {
        Kind::Number => (6, 4),
        Kind::States => (COLUMNS, 10),
        Kind::Lines | Kind::Areas => (8, 8),
    };
    let targets: Vec<_> = (graph.series.iter().zip('A'..))
        .map(|((expression, legend), id)| {
            json!({
                "refId": id.to_string(),
                "datasource": source(),
                "expr": matched(expression),
                "legendFormat": legend,
                "instant": graph.kind == Kind::Number,
                "range": graph.kind != Kind::Number,
            })
        })
        .collect();
    let (kind, options) = look(graph.kind);
    json!({
        "id": places.id(),
        "type": kind,
        "title": graph.title,
        "description": graph.text,
        "datasource": source(),
        "gridPos": places.place(width, height),
        "targets": targets,
        "fieldConfig": { "defaults": field(graph), "overrides": [] },
        "options": options,
    })
}

/// Grafana's word for a kind, and its options.
fn look(kind: Kind) -> (&'static str, Value) {
    let legend =
        json!({ "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": [] });
    match kind {
        Kind::Number => (
            "stat",
            json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                "orientation": "auto",
                "colorMode": "value",
                "graphMode": "area",
                "justifyMode": "auto",
                "textMode": "auto",
            }),
        ),
        Kind::States => (
            "state-timeline",
            json!({
                "mergeValues": true,
                "showValue": "never",
                "rowHeight": 0.8,
                "alignValue": "left",
                "legend": legend,
                "tooltip": { "mode": "single", "sort": "none" },
            }),
        ),
        Kind::Lines | Kind::Areas => (
            "timeseries",
            json!({ "legend": legend, "tooltip": { "mode": "multi", "sort": "desc" } }),
        ),
    }
}

fn field(graph: &Graph) -> Value {
    let mut field = json!({ "unit": graph.unit, "min": 0 });
    match graph.kind {
        Kind::Number => {}
        Kind::States => {
            let states = STATES.iter().enumerate().map(|(at, (value, text, color))| {
                let shown = json!({ "text": text, "color": color, "index": at });
                (value.to_string(), shown)
            });
            let states: serde_json::Map<_, _> = states.collect();
            field["mappings"] = json!([{ "type": "value", "options": states }]);
            field["custom"] = json!({ "lineWidth": 0, "fillOpacity": 80 });
        }
        Kind::Lines | Kind::Areas => {
            let areas = graph.kind == Kind::Areas;
            field["custom"] = json!({
                "drawStyle": "line",
                "lineWidth": 1,
                "fillOpacity": if areas { 30 } else { 0 },
                "showPoints": "never",
                "stacking": { "mode": if areas { "normal" } else { "none" }, "group": "A" },
            });
        }
    }
    field
}

/// Where the next panel goes: from left to right, row by row.
#[derive(Debug, Default)]
struct Places {
    ids: u32,
    left: usize,
    top: usize,
    /// Of the panels in this line.
    height: usize,
}

impl Places {
    fn id(&mut self) -> u32 {
        self.ids += 1;
        self.ids
    }

    fn row(&mut self) -> Value {
        let place = self.place(COLUMNS, 1);
        self.end_line();
        place
    }

    fn place(&mut self, width: usize, height: usize) -> Value {
        if self.left + width > COLUMNS {
            self.end_line();
        }
        let place = json!({ "x": self.left, "y": self.top, "w": width, "h": height });
        self.left += width;
        self.height = self.height.max(height);
        place
    }

    fn end_line(&mut self) {
        self.top += self.height;
        (self.left, self.height) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_panels_overlap_and_each_has_an_id() {
        let dashboard: Value = serde_json::from_str(&json("shop")).unwrap();
        let mut taken = std::collections::HashSet::new();
        let mut ids = std::collections::HashSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let [x, y, w, h] =
                ["x", "y", "w", "h"].map(|it| panel["gridPos"][it].as_u64().unwrap());
            assert!(x + w <= COLUMNS as u64, "{panel}");
            for column in x..x + w {
                for line in y..y + h {
                    assert!(taken.insert((column, line)), "{panel}");
                }
            }
            assert!(ids.insert(panel["id"].as_u64()), "{panel}");
        }
        assert_eq!(dashboard["title"], "shop");
    }

    #[test]
    fn every_expression_is_matched_by_the_job() {
        for expression in expressions() {
            let metrics = expression.matches("fusebox_").count();
            assert_eq!(expression.matches("job=~\".*\"").count(), metrics, "{expression}");
            assert!(!expression.contains(['@', '$', '!']), "{expression}");
        }
    }
}
