//! The steps of the workflow.

use fusebox::Priority;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    CreateProject,
    RegisterAgent,
    RequestNextTask,
    ReportProgress,
    ReportBlocker,
    FinishTask,
}

impl Step {
    /// In the order in which an agent takes them; the last four for each task.
    pub const ALL: [Self; 6] = [
        Self::CreateProject,
        Self::RegisterAgent,
        Self::RequestNextTask,
        Self::ReportProgress,
        Self::ReportBlocker,
        Self::FinishTask,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::CreateProject => "create_project",
            Self::RegisterAgent => "register_agent",
            Self::RequestNextTask => "request_next_task",
            Self::ReportProgress => "report_progress",
            Self::ReportBlocker => "report_blocker",
            Self::FinishTask => "finish_task",
        }
    }

    /// How much its calls matter. What of a step matters less says so itself: the coach's
    /// advice (`coach.rs`), and what the memory predicts (`memory.rs`).
    pub fn priority(self) -> Priority {
        match self {
            // People look at what is under way, and at what is done.
            Self::ReportProgress | Self::FinishTask => Priority::CRITICAL,
            // It warms the memory, and nobody waits for that.
            Self::RegisterAgent => Priority::BACKGROUND,
            Self::CreateProject | Self::RequestNextTask | Self::ReportBlocker => Priority::DEFAULT,
        }
    }

    /// The steps of a round: the first one sets up, the others are a task each.
    pub fn of_round(round: u32) -> &'static [Self] {
        if round == 0 { &Self::ALL[..2] } else { &Self::ALL[2..] }
    }
}
