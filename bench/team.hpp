// SPDX-License-Identifier: MIT
// An executor for parallel_rank: threads that wait for work between requests, as a host's would.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <type_traits>
#include <vector>

namespace bench {

/// run(parts, task): task(0) here and task(1) to task(parts - 1) on as many threads. At most as many parts as the team has members.
class team {
public:
    explicit team(std::size_t members) {
        for (std::size_t part = 1; part < members; ++part) threads_.emplace_back([this, part] { serve(part); });
    }
    team(const team&) = delete;
    team& operator=(const team&) = delete;
    ~team() {
        call_ = nullptr;
        begin();
        for (auto& thread : threads_) thread.join();
    }

    template <class Task> void operator()(std::size_t parts, Task&& task) {
        task_ = const_cast<void*>(static_cast<const void*>(&task));
        call_ = [](void* what, std::size_t part) { (*static_cast<std::remove_reference_t<Task>*>(what))(part); };
        parts_ = parts;
        left_.store(threads_.size(), std::memory_order_relaxed);
        begin();
        task(0);
        while (left_.load(std::memory_order_acquire) > 0) std::this_thread::yield();
    }

private:
    void begin() {
        round_.fetch_add(1, std::memory_order_release);
        round_.notify_all();
    }
    void serve(std::size_t part) {
        for (std::size_t seen = 0;;) {
            // Requests follow one another within microseconds, which waking a thread takes longer than.
            for (int i = 0; i < 1000 && round_.load(std::memory_order_acquire) == seen; ++i) std::this_thread::yield();
            round_.wait(seen, std::memory_order_acquire);
            ++seen;
            if (call_ == nullptr) return;
            if (part < parts_) call_(task_, part);
            left_.fetch_sub(1, std::memory_order_release);
        }
    }

    void* task_ = nullptr;
    void (*call_)(void*, std::size_t) = nullptr;
    std::size_t parts_ = 0;
    std::atomic<std::size_t> round_{0}, left_{0};
    std::vector<std::thread> threads_;
};

}  // namespace bench
