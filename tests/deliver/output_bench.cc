#include "tests/deliver/output_bench.h"

#include <fmt/format.h>

#include <utility>

#include "src/base/runtime_core.h"
#include "src/spool/spool.h"

namespace hlsrec::deliver {

OutputBench::OutputBench() {
  strand = Strand::Create(simulation.runtime()->core().media());
  memory->OnChange([this] {
    const auto operation = memory->log().back();
    if (operation.kind != testing::MemorySink::Operation::Kind::kPut) return;
    writes.push_back({.time = clock.Steady(),
                      .key = operation.key,
                      .bytes = memory->Text(operation.key)});
  });
}

OutputPlan OutputBench::MakePlan(std::shared_ptr<const PlaylistPolicy> policy) {
  if (policy == nullptr) policy = EventList();
  const auto parse = [](const char* text) {
    return *PathTemplate::Parse(text, {});
  };
  const playlist::MediaListOptions list{.policy = std::move(policy),
                                        .target_duration = 2};
  RenditionPlan rendition;
  rendition.playlists.push_back({.path = parse("list.m3u8"),
                                 .list = playlist::MediaList(list),
                                 .list_options = list});
  OutputPlan plan{.id = "out",
                  .recording = 1,
                  .sink = memory,
                  .sink_name = "memory:",
                  .segment = parse("{seq:06}.ts"),
                  .init = parse("init-{hash}.mp4")};
  plan.fields.stream = "cam";
  plan.renditions.push_back(std::move(rendition));
  return plan;
}

void OutputBench::Open(OutputPlan plan) {
  RuntimeCore& core = simulation.runtime()->core();
  output = std::make_shared<Output>(
      strand, core.clock(), core.spool().journal(), std::move(plan),
      [this](Event event) { events.push_back(std::move(event)); });
}

void OutputBench::Add() {
  const std::uint64_t index = next++;
  const std::chrono::seconds duration{2};
  const std::string bytes = fmt::format("segment {}", index);
  strand->Post([this, index, duration, bytes] {
    output->Add({.index = index,
                 .duration = duration,
                 .start = WallTime(duration * static_cast<int>(index)),
                 .size_bytes = bytes.size(),
                 .body = MakeStringBody(bytes)});
  });
  simulation.RunUntilIdle();
}

void OutputBench::Finish() {
  strand->Post([this] {
    output->Finish([this](OutputResult done) { result = std::move(done); });
  });
  simulation.RunUntilIdle();
}

std::vector<OutputBench::Write> OutputBench::WritesOf(
    const std::string& key) const {
  std::vector<Write> of;
  for (const Write& write : writes) {
    if (write.key == key) of.push_back(write);
  }
  return of;
}

}  // namespace hlsrec::deliver
