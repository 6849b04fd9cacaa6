#include "tools/hlsrec/telling_notifier.h"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace hlsrec::tools {
namespace {

class Teller {
 public:
  Teller(std::string receiver, std::function<void(std::string_view)> tell)
      : receiver_(std::move(receiver)), tell_(std::move(tell)) {}

  void OnTold(const Status& status) {
    if (status.code() == StatusCode::kCancelled) {
      tell_(fmt::format("events: {}: {}: it is not told of this again",
                        receiver_, status.message()));
      return;
    }
    if (failing_.exchange(!status.ok()) == !status.ok()) return;
    tell_(status.ok()
              ? fmt::format("events: {}: takes them again", receiver_)
              : fmt::format("events: {}: {}: tried again until it takes them",
                            receiver_, status.message()));
  }

 private:
  const std::string receiver_;
  const std::function<void(std::string_view)> tell_;
  std::atomic<bool> failing_ = false;
};

class TellingNotifier final : public Notifier {
 public:
  TellingNotifier(std::shared_ptr<Notifier> inner,
                  std::function<void(std::string_view)> tell)
      : inner_(std::move(inner)),
        teller_(std::make_shared<Teller>(inner_->Describe(), std::move(tell))) {
  }

  void Notify(Notification notification, Done done) override {
    inner_->Notify(
        std::move(notification),
        [teller = teller_, done = std::move(done)](const Status& status) {
          teller->OnTold(status);
          done(status);
        });
  }
  std::string Describe() const override { return inner_->Describe(); }

 private:
  const std::shared_ptr<Notifier> inner_;
  const std::shared_ptr<Teller> teller_;
};

}  // namespace

void TellFailures(std::vector<NotifierOptions>& notifiers,
                  const std::function<void(std::string_view)>& tell) {
  for (NotifierOptions& options : notifiers) {
    options.notifier =
        std::make_shared<TellingNotifier>(std::move(options.notifier), tell);
  }
}

}  // namespace hlsrec::tools
