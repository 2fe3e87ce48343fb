//! How a plan is written down: text for a terminal, Markdown for a pull request, JSON for programs.
