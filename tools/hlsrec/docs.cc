// The manual page and the completions, from the description of the command
// line itself.
#include <fmt/format.h>

#include <vector>

#include "tools/hlsrec/cli.h"

namespace hlsrec::tools {
namespace {

std::vector<const CLI::App*> Commands(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) commands.push_back(command);
  }
  return commands;
}

// roff reads backslashes, and dots and quotes at the start of a line.
std::string Roff(std::string_view text) {
  std::string escaped;
  bool line_start = true;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      if (line_start && (c == '.' || c == '\'')) escaped += "\\&";
      escaped.push_back(c);
    }
    line_start = c == '\n';
  }
  return escaped;
}

bool TakesValue(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

std::vector<std::string> Spellings(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames())
    names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) {
    names.push_back("--" + name);
  }
  return names;
}

std::string Describe(const CLI::Option& option) {
  std::string text = option.get_description();
  if (!option.get_default_str().empty()) {
    text += fmt::format(" [{}]", option.get_default_str());
  }
  return text;
}

std::string ManOptions(const CLI::App& command) {
  std::string page;
  std::string group;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) {
      page += fmt::format(".TP\n.I {}\n{}\n", option->get_name(true, false),
                          Roff(Describe(*option)));
    }
  }
  for (const CLI::Option* option : command.get_options()) {
    const auto names = Spellings(*option);
    if (names.empty()) continue;
    if (option->get_group() != group) {
      group = option->get_group();
      if (group != "Options") page += fmt::format(".SS {}\n", group);
    }
    page += fmt::format(
        ".TP\n.B {}{}\n{}\n", Roff(fmt::format("{}", fmt::join(names, ", "))),
        TakesValue(*option) ? " \\fIVALUE\\fR" : "", Roff(Describe(*option)));
  }
  return page;
}

std::string Words(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : Spellings(*option)) words.push_back(name);
  }
  return fmt::format("{}", fmt::join(words, " "));
}

std::string Bash(const CLI::App& app) {
  std::vector<std::string> names;
  std::string cases;
  for (const CLI::App* command : Commands(app)) {
    names.push_back(command->get_name());
    cases += fmt::format("    {}) words=\"{}\" ;;\n", command->get_name(),
                         Words(*command));
  }
  return fmt::format(R"(# bash completion for hlsrec
_hlsrec() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{} --help --version --config" -- "$current"))
    return
  fi
  case "$previous" in
    --container) COMPREPLY=($(compgen -W "auto ts fmp4" -- "$current")); return ;;
    --layout) COMPREPLY=($(compgen -W "default antmedia antmedia-datetime 100ms" -- "$current")); return ;;
    --profile) COMPREPLY=($(compgen -W "rfc apple" -- "$current")); return ;;
  esac
  case "${{COMP_WORDS[1]}}" in
{}  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}}
complete -o filenames -F _hlsrec hlsrec
)",
                     fmt::join(names, " "), cases);
}

// One of a quoted word in zsh's and fish's scripts.
std::string Quote(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else if (c == '[' || c == ']' || c == ':') {
      quoted += fmt::format("\\{}", c);
    } else {
      quoted.push_back(c);
    }
  }
  return quoted;
}

std::string Zsh(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : Commands(app)) {
    commands += fmt::format("    '{}:{}'\n", command->get_name(),
                            Quote(command->get_description()));
    cases += fmt::format("    {})\n      _arguments", command->get_name());
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : Spellings(*option)) {
        cases += fmt::format(" \\\n        '{}[{}]{}'", name,
                             Quote(option->get_description()),
                             TakesValue(*option) ? ":value:" : "");
      }
    }
    cases += " \\\n        '*:file:_files'\n      ;;\n";
  }
  return fmt::format(R"(#compdef hlsrec
local -a commands
commands=(
{})
if (( CURRENT == 2 )); then
  _describe 'command' commands
else
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{}  esac
fi
)",
                     commands, cases);
}

std::string Fish(const CLI::App& app) {
  std::string script = "# fish completion for hlsrec\n";
  const auto quote = [](std::string_view text) {
    std::string quoted;
    for (const char c : text) {
      if (c == '\'' || c == '\\') quoted.push_back('\\');
      quoted.push_back(c);
    }
    return quoted;
  };
  for (const CLI::App* command : Commands(app)) {
    script += fmt::format(
        "complete -c hlsrec -n __fish_use_subcommand -a {} -d '{}'\n",
        command->get_name(), quote(command->get_description()));
    for (const CLI::Option* option : command->get_options()) {
      if (Spellings(*option).empty()) continue;
      script +=
          fmt::format("complete -c hlsrec -n '__fish_seen_subcommand_from {}'",
                      command->get_name());
      for (const std::string& name : option->get_snames()) {
        script += " -s " + name;
      }
      for (const std::string& name : option->get_lnames()) {
        script += " -l " + name;
      }
      if (TakesValue(*option)) script += " -r";
      script += fmt::format(" -d '{}'\n", quote(option->get_description()));
    }
  }
  return script;
}

}  // namespace

std::string RenderManPage(const CLI::App& app) {
  std::string page = fmt::format(
      ".TH HLSREC 1\n.SH NAME\nhlsrec \\- record live streams as HLS\n"
      ".SH SYNOPSIS\n");
  for (const CLI::App* command : Commands(app)) {
    page += fmt::format(".B hlsrec {}\n[\\fIOPTIONS\\fR]", command->get_name());
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_positional()) {
        page += fmt::format(" \\fI{}\\fR{}", option->get_name(true, false),
                            option->get_items_expected_max() > 1 ? "..." : "");
      }
    }
    page += "\n.br\n";
  }
  page += fmt::format(".SH DESCRIPTION\n{}\n", Roff(app.get_description()));
  for (const CLI::App* command : Commands(app)) {
    page += fmt::format(".SH {}\n{}\n", command->get_name(),
                        Roff(command->get_description()));
    page += ManOptions(*command);
    if (!command->get_footer().empty()) {
      page +=
          fmt::format(".SS Notes\n.nf\n{}\n.fi\n", Roff(command->get_footer()));
    }
  }
  page +=
      ".SH ENVIRONMENT\nEvery option of\n.B hlsrec record\nand\n.B hlsrec "
      "resume\nmay be given as a variable: \\-\\-segment\\-time is "
      "HLSREC_SEGMENT_TIME. Flags of the "
      "command line win over the file named by \\-\\-config or "
      "HLSREC_CONFIG, the file over variables.\n"
      ".SH SIGNALS\nSIGINT and SIGTERM end a recording in good order: the open "
      "segment is stored and the playlists are ended. A second one aborts.\n";
  return page;
}

std::string RenderCompletion(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return Bash(app);
  if (shell == "zsh") return Zsh(app);
  if (shell == "fish") return Fish(app);
  return {};
}

}  // namespace hlsrec::tools
