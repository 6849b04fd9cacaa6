#include "src/base/executor.h"

#include <thread>
#include <vector>

#include "src/base/runtime_core.h"
#include "tests/catch.h"

namespace hlsrec {
namespace {

TEST_CASE("strand: tasks run one at a time and in order") {
  const auto pool = std::make_shared<ThreadPool>(SystemClock(), "test", 4);
  const auto strand = Strand::Create(pool);
  std::vector<int> order;  // no lock: the strand is one
  Latch done;
  for (int i = 0; i < 1000; ++i) {
    strand->Post([&order, i] { order.push_back(i); });
  }
  strand->Post([&done] { done.Open(); });
  done.Wait();
  REQUIRE(order.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("strand: who finds it idle runs the task himself") {
  const auto pool = std::make_shared<ThreadPool>(SystemClock(), "test", 1);
  const auto strand = Strand::Create(pool);
  std::vector<int> order;
  std::thread::id other;
  Latch done;
  CHECK(strand->TryRun([&] {
    order.push_back(1);
    // Now it is busy.
    CHECK(!strand->TryRun([&] { order.push_back(9); }));
    strand->Post([&] {
      order.push_back(3);
      other = std::this_thread::get_id();
      done.Open();
    });
    order.push_back(2);
  }));
  done.Wait();
  CHECK(order == std::vector<int>{1, 2, 3});
  CHECK(other != std::this_thread::get_id());
}

TEST_CASE("strand: tasks of many threads still run one at a time") {
  const auto pool = std::make_shared<ThreadPool>(SystemClock(), "test", 2);
  const auto strand = Strand::Create(pool);
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  int ran = 0;  // no lock: the strand is one
  Latch done;
  const auto task = [&] {
    if (++ran == kThreads * kTasks) done.Open();
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kTasks; ++n) {
        if ((n + i) % 3 == 0) {
          strand->Post(task);
        } else if (!strand->TryRun(task)) {
          strand->Post(task);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done.Wait();
  CHECK(ran == kThreads * kTasks);
  pool->Stop();
}

TEST_CASE("strand: what its executor drops lets go of it") {
  auto pool = std::make_shared<ThreadPool>(SystemClock(), "test", 1);
  auto strand = Strand::Create(pool);
  const std::weak_ptr<Strand> weak = strand;
  Latch busy;
  Latch go_on;
  pool->Post([&] {
    busy.Open();
    go_on.Wait();
  });
  busy.Wait();
  strand->Post([strand] {});
  strand = nullptr;
  std::thread stopper([&] { pool->Stop(); });
  while (!pool->stopped()) std::this_thread::yield();
  go_on.Open();
  stopper.join();
  CHECK(weak.expired());
}

TEST_CASE("thread pool: timers run in the order of their times") {
  ThreadPool pool(SystemClock(), "test", 1);
  std::vector<int> order;
  Latch done;
  const SteadyTime now = SystemClock().Steady();
  pool.PostAt(now + std::chrono::milliseconds(20), [&] {
    order.push_back(2);
    done.Open();
  });
  pool.PostAt(now + std::chrono::milliseconds(10), [&] { order.push_back(1); });
  done.Wait();
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("thread pool: stopping drops what waits and what that posts") {
  auto pool = std::make_unique<ThreadPool>(SystemClock(), "test", 1);
  struct PostsAgain {
    ThreadPool* pool;
    ~PostsAgain() {
      pool->Post([] {});
    }
  };
  bool ran = false;
  pool->PostAt(SystemClock().Steady() + std::chrono::hours(1),
               [&ran, owned = std::make_unique<PostsAgain>(
                          PostsAgain{pool.get()})] { ran = true; });
  pool = nullptr;
  CHECK_FALSE(ran);
}

TEST_CASE("thread pool: the last owner may let go inside a task") {
  auto pool = std::make_shared<ThreadPool>(SystemClock(), "test", 1);
  auto done = std::make_shared<Latch>();
  ThreadPool& reference = *pool;
  reference.Post([pool, done]() mutable {
    pool = nullptr;
    done->Open();
  });
  pool = nullptr;
  done->Wait();
}

}  // namespace
}  // namespace hlsrec
