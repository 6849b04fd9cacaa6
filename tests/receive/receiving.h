#ifndef HLSREC_TESTS_RECEIVE_RECEIVING_H_
#define HLSREC_TESTS_RECEIVE_RECEIVING_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/testing.h"
#include "hlsrec/upload_receiver.h"
#include "src/base/bytes.h"
#include "tests/catch.h"

namespace hlsrec::receive {

// A request on its way; -1: no answer yet.
struct Request {
  std::shared_ptr<std::optional<HttpResponse>> response =
      std::make_shared<std::optional<HttpResponse>>();
  std::unique_ptr<HttpBodyReader> body = {};

  void Send(std::string_view bytes) const {
    if (body != nullptr && status() < 0) {
      body->OnData(std::as_bytes(std::span(bytes.data(), bytes.size())));
    }
  }
  void End() const {
    if (body != nullptr && status() < 0) body->OnEnd();
  }
  [[nodiscard]] int status() const {
    return *response ? (*response)->status : -1;
  }
  [[nodiscard]] std::string Header(std::string_view name) const {
    for (const HttpField& field : (*response)->headers) {
      if (field.name == name) return field.value;
    }
    return {};
  }
  [[nodiscard]] std::string Text() const {
    return ReadBody(*(*response)->body, UINT64_MAX).value();
  }
};

// A receiver in a simulation, in front of a sink that fails when it is told to.
struct Receiving {
  explicit Receiving(UploadReceiverOptions options = {}) {
    options.sink = sink;
    options.on_event = [this](const UploadEvent& event) {
      events.push_back(event);
    };
    receiver = UploadReceiver::Create(simulation.runtime(), std::move(options))
                   .value();
  }

  // A call that the sink never answers would hold the receiver for ever.
  ~Receiving() {
    decide = nullptr;
    sink->Release();
    simulation.RunUntilIdle();
  }
  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;

  Request Begin(const std::string& method, const std::string& path,
                std::vector<HttpField> headers = {},
                std::optional<std::uint64_t> length = {}) {
    Request request;
    HttpRequest head{.method = method,
                     .target = "/hls-upload/" + path,
                     .headers = std::move(headers),
                     .content_length = length};
    REQUIRE(receiver->Wants(head));
    request.body = receiver->Handle(
        std::move(head), [response = request.response](HttpResponse answer) {
          REQUIRE_FALSE(*response);
          *response = std::move(answer);
        });
    return request;
  }
  Request Put(const std::string& path, std::string_view bytes,
              std::vector<HttpField> headers = {}) {
    Request request = Begin("PUT", path, std::move(headers));
    request.Send(bytes);
    request.End();
    simulation.RunUntilIdle();
    return request;
  }
  Request Send(const std::string& method, const std::string& path) {
    Request request = Begin(method, path);
    simulation.RunUntilIdle();
    return request;
  }
  // "put a.ts", "remove a.ts", in the order in which the sink did it.
  [[nodiscard]] std::vector<std::string> Log() const {
    std::vector<std::string> log;
    for (const auto& entry : memory->log()) {
      const bool put = entry.kind == testing::MemorySink::Operation::Kind::kPut;
      log.push_back((put ? "put " : "remove ") + entry.key);
    }
    return log;
  }

  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<testing::MemorySink> memory =
      std::make_shared<testing::MemorySink>();
  // Decides for each call of the sink; nothing fails until it is set.
  testing::FaultySink::Decide decide;
  std::shared_ptr<testing::FaultySink> sink =
      std::make_shared<testing::FaultySink>(
          memory, [this](std::uint64_t call, const std::string& key) {
            return decide == nullptr ? testing::FaultySink::Decision()
                                     : decide(call, key);
          });
  std::vector<UploadEvent> events;
  std::shared_ptr<UploadReceiver> receiver;
};

// A live list of these segments.
inline std::string ListOf(const std::vector<std::string>& uris,
                          std::string_view header = {}) {
  std::string text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n";
  text += header;
  for (const std::string& uri : uris) text += "#EXTINF:2.0,\n" + uri + "\n";
  return text;
}

}  // namespace hlsrec::receive

#endif  // HLSREC_TESTS_RECEIVE_RECEIVING_H_
