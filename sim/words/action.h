// Something that is done later: a function without arguments that can be moved, and not copied.
//
// Unlike std::function it has room for everything that an event of this simulator carries, so that planning one does
// not allocate; whatever is larger is kept apart.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace timestore::sim {

class Action {
 public:
  Action() = default;

  template <typename Callable>
  requires(!std::same_as<Callable, Action> && std::invocable<Callable&>)
      Action(Callable callable) {  // NOLINT(google-explicit-constructor): a lambda is an action
    static_assert(alignof(Callable) <= alignof(std::max_align_t));
    if constexpr (sizeof(Callable) <= kRoomBytes && std::is_nothrow_move_constructible_v<Callable>) {
      ::new (static_cast<void*>(room_)) Callable(std::move(callable));
      methods_ = &kMethodsOf<Callable>;
    } else {
      *this = Action([apart = std::make_unique<Callable>(std::move(callable))] { (*apart)(); });
    }
  }

  Action(Action&& other) noexcept { take(other); }
  Action& operator=(Action&& other) noexcept {
    if (this == &other) return *this;
    clear();
    take(other);
    return *this;
  }
  ~Action() { clear(); }

  // Requires that there is something to do: it was not moved away.
  void operator()() { methods_->call(room_); }

 private:
  static constexpr std::size_t kRoomBytes = 40;

  struct Methods {
    void (*call)(void* self);
    void (*move)(void* from, void* to) noexcept;  // and ends what it was moved from
    void (*destroy)(void* self) noexcept;
  };
  template <typename Callable>
  static constexpr Methods kMethodsOf = {
      .call = [](void* self) { (*static_cast<Callable*>(self))(); },
      .move =
          [](void* from, void* to) noexcept {
            ::new (to) Callable(std::move(*static_cast<Callable*>(from)));
            static_cast<Callable*>(from)->~Callable();
          },
      .destroy = [](void* self) noexcept { static_cast<Callable*>(self)->~Callable(); },
  };

  void take(Action& other) noexcept {
    methods_ = std::exchange(other.methods_, nullptr);
    if (methods_ != nullptr) methods_->move(other.room_, room_);
  }
  void clear() noexcept {
    if (methods_ != nullptr) std::exchange(methods_, nullptr)->destroy(room_);
  }

  const Methods* methods_ = nullptr;
  alignas(std::max_align_t) std::byte room_[kRoomBytes];
};

}  // namespace timestore::sim
