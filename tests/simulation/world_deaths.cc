// How the processes of a recording die, and what that may cost.
#include <algorithm>

#include "src/base/file.h"
#include "tests/simulation/world_life.h"

namespace hlsrec::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

void World::DieSomehow() {
  const int way = random_.Below(4);
  if (way == 0) return Crash();
  if (way == 3) return DieWhileEnding();
  if (way == 1) {
    PushPicture();
    life_->recorder->CutSegment().Ignore("it may have failed");
    life_->simulation->RunTasks(random_.Below(30));
    return Crash();
  }
  disk().HaltAt(1 + random_.Below(40));
  for (int i = 0; i < 50 && !disk().halted(); ++i) PushPicture();
  Crash();
}

void World::DieWhileEnding() {
  ending_ = true;
  verdict_.Note("finish, and die meanwhile");
  life_->recorder->Finish();
  switch (random_.Below(3)) {
    case 0:
      life_->simulation->RunTasks(random_.Below(60));
      break;
    case 1:
      Advance(milliseconds(random_.Below(6000)));
      break;
    default:
      disk().HaltAt(1 + random_.Below(30));
      Advance(milliseconds(6000));
  }
  Crash();
}

void World::Kill() {
  if (life_->simulation != nullptr) {
    Ledger::Life& life = ledger_.lives().back();
    life.killed = true;
    life.media = media();
    for (const auto& since :
         {life_->trouble_since, life_->observer->full_since}) {
      if (since) life.in_memory = std::max(life.in_memory, media() - *since);
    }
    if (life_->recorder != nullptr) {
      life.dropped = std::max(life_->observer->dropped,
                              life_->recorder->progress().packets_dropped);
    }
    life_->simulation->Kill();
    // A server may still take what it was sent.
    for (std::size_t i = 0; i < life_->sinks.size(); ++i) {
      if (stages_[i]->kind() == SinkKind::kMemory && random_.Percent(50)) {
        life_->sinks[i]->Release();
      }
      if (random_.Percent(50)) stages_[i]->wire().DeliverAll();
    }
  }
  life_->gone = true;
  if (!disk().halted()) disk().HaltAt(1);
  life_->recorder = nullptr;
  life_->sinks.clear();
  life_->simulation = nullptr;
  life_ = nullptr;
}

void World::Crash() {
  Kill();
  CrashKind kind = CrashKind::kProcess;
  if (scenario_.power_may_fail && random_.Percent(40)) {
    kind =
        random_.Percent(50) ? CrashKind::kPowerStrict : CrashKind::kPowerRandom;
  }
  verdict_.Note("crash: {}", kind == CrashKind::kProcess ? "process" : "power");
  disk().SetCapacity(0);
  disk().Crash(kind);
  if (kind == CrashKind::kProcess &&
      random_.Percent(scenario_.journal_loss_chance)) {
    LoseJournal();
  }
  if (kind != CrashKind::kProcess) ++boots_;
  // Sidecars, from which nobody has made another journal yet, are not synced.
  if (kind != CrashKind::kProcess && journal_missing_) {
    for (Ledger::Life& life : ledger_.lives()) life.GiveUp();
  }
  const bool nothing_synced =
      kind != CrashKind::kProcess && scenario_.durability == Durability::kNone;
  if (nothing_synced) {
    // What is on the sinks tells what the journal may have forgotten, and what
    // comes later does not.
    for (const auto& stage : stages_) stage->wire().DeliverAll();
    journal_lost_ = unsynced_lost_ = true;
    for (Ledger::Life& life : ledger_.lives()) life.GiveUp();
  }
  // What a process left goes with the power, too, until the next one has it.
  for (Ledger::Life& life : ledger_.lives()) {
    if (!life.killed || life.recovered) continue;
    microseconds cost = seconds(1);
    if (kind != CrashKind::kProcess) {
      cost = scenario_.durability == Durability::kSecond
                 ? seconds(2)
                 : 2 * kTarget + seconds(1);
    }
    life.may_cost = std::max(life.may_cost, cost + life.in_memory);
    verdict_.Note("  {} ms of media, {} ms may be lost",
                  life.media.count() / 1000, life.may_cost.count() / 1000);
  }
}

// Somebody, or a bad disk, spoils the journal of a process that was killed.
void World::LoseJournal() {
  FileSystem& files = disk().files();
  const std::string path = "/srv/spool/journal.db";
  if (!files.Size(path).ok()) return;
  verdict_.Note("the journal is lost");
  // What is on the wire then may come behind the look at what is there.
  for (const auto& stage : stages_) stage->wire().DeliverAll();
  journal_lost_ = journal_missing_ = true;
  if (boots_ > 0) {
    // Sidecars are not synced: a power failure may have made them shorter.
    for (Ledger::Life& life : ledger_.lives()) life.GiveUp();
  }
  if (random_.Percent(50)) {
    files.Remove(path).Ignore("it may be");
    files.Remove(path + "-wal").Ignore("it may be");
  } else if (auto file = files.Create(path, 0600); file.ok()) {
    const Bytes bytes(5000, 'x');
    (*file)->Write(bytes).Ignore("it may be");
    (*file)->Sync().Ignore("it may be");
  }
  // For good: the next power failure does not bring it back.
  files.SyncDirectory("/srv/spool").Ignore("it may be");
}

// The other machine goes on; what this one had not delivered stays with it.
void World::TakeOver() {
  machine_ = 1 - machine_;
  contends_ = true;
  verdict_.Note("machine {} takes over", machine_);
  // Nobody can call back what is on the wire.
  for (const auto& stage : stages_) stage->wire().DeliverAll();
  for (Ledger::Life& life : ledger_.lives()) life.GiveUp();
}

}  // namespace hlsrec::simulation
