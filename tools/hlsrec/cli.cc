#include "tools/hlsrec/cli.h"

#include <vector>

#include "tools/hlsrec/text.h"

#ifndef HLSREC_VERSION
#define HLSREC_VERSION "unknown"
#endif

namespace hlsrec::tools {
namespace {

// Without the variables: one sentence of the manual page says it all.
class Formatter final : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string text;
    if (option->get_type_size() != 0) {
      if (!option->get_type_name().empty()) {
        text += " " + option->get_type_name();
      }
      if (!option->get_default_str().empty()) {
        text += "=" + option->get_default_str();
      }
      if (option->get_expected_max() > 1) text += " ...";
    }
    return text;
  }
};

// Every flag has its variable: --segment-time is HLSREC_SEGMENT_TIME.
void NameVariables(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (option->get_lnames().empty() || option->get_name() == "--help") {
      continue;
    }
    std::string name = "HLSREC_" + option->get_lnames().front();
    for (char& c : name) {
      c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
    option->envname(name);
  }
}

void Names(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
}

}  // namespace

std::unique_ptr<CLI::App> MakeApp(CommandLine& line) {
  auto app = std::make_unique<CLI::App>(
      "hlsrec records live streams as HLS, and never lists what is not stored.",
      "hlsrec");
  app->set_version_flag("--version", "hlsrec " HLSREC_VERSION);
  app->require_subcommand(1);
  app->set_config("--config", "",
                  "TOML or INI file with a section per command, as in "
                  "[record] segment-time=4")
      ->envname("HLSREC_CONFIG");
  app->allow_config_extras(CLI::config_extras_mode::error);
  app->formatter(std::make_shared<Formatter>());
  app->get_formatter()->column_width(34);
  AddRecord(*app, line.record);
  AddRelay(*app, line.relay);
  AddResume(*app, line.resume);
  AddEvents(*app, line.events);
  AddCheck(*app, line.check);
  AddProbe(*app, line.probe);
  AddValidate(*app, line.validate);
  AddVerify(*app, line.verify);
  AddExport(*app, line.export_recording);
  AddClip(*app, line.clip);
  AddPackage(*app, line.package);
  AddPresign(*app, line.presign);
  AddServe(*app, line.serve);
  app->add_subcommand("man", "Print the manual page")->group("");
  app->add_subcommand("completion", "Print a completion script")
      ->group("")
      ->add_option("SHELL", line.completion_shell, "bash, zsh or fish")
      ->required();
  NameVariables(*app->get_subcommand("record"));
  NameVariables(*app->get_subcommand("relay"));
  NameVariables(*app->get_subcommand("resume"));
  NameVariables(*app->get_subcommand("events"));
  NameVariables(*app->get_subcommand("validate"));
  NameVariables(*app->get_subcommand("verify"));
  NameVariables(*app->get_subcommand("export"));
  NameVariables(*app->get_subcommand("clip"));
  NameVariables(*app->get_subcommand("package"));
  NameVariables(*app->get_subcommand("presign"));
  NameVariables(*app->get_subcommand("serve"));
  return app;
}

std::string SuggestFor(const CLI::App& app, const std::string& argument) {
  std::vector<std::string> names;
  std::string word = argument.substr(0, argument.find('='));
  if (word.starts_with("-")) {
    for (const CLI::App* command : app.get_subcommands())
      Names(*command, names);
    Names(app, names);
  } else {
    for (const CLI::App* command :
         app.get_subcommands([](const CLI::App*) { return true; })) {
      if (!command->get_group().empty()) names.push_back(command->get_name());
    }
  }
  return Suggest(word, names);
}

}  // namespace hlsrec::tools
