// Over a real server: with hlsrec's own sink and ffmpeg as clients.
#include "hlsrec/http_sink.h"
#include "src/base/mutex.h"
#include "src/receive/listed.h"
#include "tests/inputs/child_process.h"
#include "tests/receive/receiving.h"

namespace hlsrec::receive {
namespace {

// A server whose uploads go to memory, by way of a sink that may fail.
struct Served {
  explicit Served(UploadReceiverOptions options = {}) {
    options.sink = sink;
    receiver = UploadReceiver::Create(runtime, std::move(options)).value();
    memory->OnChange([this] {
      MutexLock lock(mutex);
      changed.NotifyAll();
    });
    server = HttpServer::Start(runtime,
                               {.bind = "127.0.0.1:0", .handlers = {receiver}})
                 .value();
  }
  [[nodiscard]] std::string url() const {
    return server->url() + "/hls-upload/";
  }

  // ffmpeg does not wait for answers.
  void WaitFor(const std::string& key, const std::string& text) {
    MutexLock lock(mutex);
    while (memory->Text(key).find(text) == std::string::npos) {
      REQUIRE(changed.WaitFor(mutex, std::chrono::seconds(20)));
    }
  }

  Mutex mutex;
  CondVar changed;
  std::shared_ptr<Runtime> runtime = Runtime::Create().value();
  std::shared_ptr<testing::MemorySink> memory =
      std::make_shared<testing::MemorySink>();
  std::string refused;  // the key that can't be put
  std::shared_ptr<testing::FaultySink> sink =
      std::make_shared<testing::FaultySink>(
          memory, [this](std::uint64_t, const std::string& key) {
            return testing::FaultySink::Decision{
                .fault = key == refused ? testing::Fault::kFail
                                        : testing::Fault::kNone};
          });
  std::shared_ptr<UploadReceiver> receiver;
  std::unique_ptr<HttpServer> server;
};

TEST_CASE("uploads: over a server they keep what a sink promises") {
  Served served;
  const auto sink =
      OpenHttpSink(served.runtime, {.base_url = served.url()}).value();
  CHECK(testing::CheckSinkContract(*sink, "contract/") ==
        std::vector<std::string>{});
}

// Ten segments of a second, as fast as it goes.
int PushByFfmpeg(const std::string& url, const std::string& type) {
  testing::ChildProcess ffmpeg({"ffmpeg",
                                "-nostdin",
                                "-v",
                                "error",
                                "-f",
                                "lavfi",
                                "-i",
                                "testsrc2=size=160x120:rate=10:duration=10",
                                "-c:v",
                                "libx264",
                                "-preset",
                                "ultrafast",
                                "-g",
                                "10",
                                "-f",
                                "hls",
                                "-hls_time",
                                "1",
                                "-hls_list_size",
                                "0",
                                "-hls_segment_type",
                                type,
                                "-method",
                                "PUT",
                                url});
  return ffmpeg.Wait();
}

// The media playlist's segments: there, or gaps; nothing else.
void CheckStored(const testing::MemorySink& memory, const std::string& list,
                 const std::vector<std::string>& gaps) {
  const std::string text = memory.Text(list);
  INFO(text);
  const Listed listed = ReadListed(list, text).value();
  for (const Reference& reference : listed.references) {
    CHECK_FALSE(memory.Text(reference.key).empty());
  }
  for (const std::string& gap : gaps) {
    CHECK(text.find("#EXT-X-GAP\n" + gap) != std::string::npos);
  }
  const std::size_t init = text.find("#EXT-X-MAP") == std::string::npos ? 0 : 1;
  CHECK(listed.references.size() + gaps.size() == 10 + init);
  CHECK(listed.ended);
}

TEST_CASE("uploads: ffmpeg puts a recording") {
  const std::string type = GENERATE("mpegts", "fmp4");
  Served served;
  CHECK(PushByFfmpeg(served.url() + "a%20b/index.m3u8", type) == 0);
  served.WaitFor("a b/index.m3u8", "#EXT-X-ENDLIST");
  CheckStored(*served.memory, "a b/index.m3u8", {});
}

TEST_CASE("uploads: a sink that fails in the middle costs ffmpeg a gap") {
  Served served({.patience = std::chrono::milliseconds(300),
                 .hold = std::chrono::milliseconds(1000)});
  served.refused = "cam/index4.ts";
  PushByFfmpeg(served.url() + "cam/index.m3u8", "mpegts");
  served.WaitFor("cam/index.m3u8", "#EXT-X-ENDLIST");
  CheckStored(*served.memory, "cam/index.m3u8", {"index4.ts"});
  CHECK(served.receiver->stats().gaps == 1);
}

}  // namespace
}  // namespace hlsrec::receive
