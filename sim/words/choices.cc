#include "sim/words/choices.h"

#include <sstream>

#include "engine/base/check.h"
#include "engine/base/hash.h"

namespace timestore::sim {

namespace {

// splitmix64's finalizer: a bijection that spreads every bit.
std::uint64_t mix(std::uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

}  // namespace

Stream Stream::on(std::uint64_t occasion) const {
  TIMESTORE_CHECK(occasion > 0 && occasion_ == 0, "an occasion has a number, and none of its own");
  Stream stream(*choices_, name_, subject_, mix(key_ ^ mix(occasion)));
  stream.occasion_ = occasion;
  return stream;
}

Stream Stream::named(std::string_view name) const {
  Stream stream(*choices_, name, subject_, Hasher().add(key_).add(name).value());
  stream.occasion_ = occasion_;
  return stream;
}

std::uint64_t Stream::below(std::uint64_t bound) {
  TIMESTORE_CHECK(bound > 0, "there is something to choose from");
  const std::uint64_t counter = counter_++;
  std::uint64_t value = 0;
  if (choices_->is_replaying_) {
    const auto listed = choices_->list_.find({std::string(name_), subject_, occasion_, counter});
    if (listed != choices_->list_.end()) value = listed->second % bound;
  } else {
    value = mix(key_ + (counter + 1) * 0x9e3779b97f4a7c15) % bound;
  }
  if (choices_->is_recording_ && value != 0) {
    choices_->recorded_.push_back({std::string(name_), subject_, occasion_, counter, value});
  }
  return value;
}

Choices::Choices(const std::vector<Choice>& list) : is_replaying_(true) {
  for (const Choice& choice : list) {
    list_[{choice.name, choice.subject, choice.occasion, choice.counter}] = choice.value;
  }
}

Stream Choices::stream(std::string_view name, std::uint64_t subject) {
  return {*this, name, subject, Hasher().add(seed_).add(name).add(subject).value()};
}

std::string to_text(const std::vector<Choice>& choices) {
  std::string text;
  for (const Choice& choice : choices) {
    text += choice.name;
    for (const std::uint64_t number : {choice.subject, choice.occasion, choice.counter, choice.value}) {
      text += ' ' + std::to_string(number);
    }
    text += '\n';
  }
  return text;
}

Result<std::vector<Choice>> parse_choices(std::string_view text) {
  std::vector<Choice> choices;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    Choice choice;
    std::string rest;
    if (!(words >> choice.name >> choice.subject >> choice.occasion >> choice.counter >> choice.value) ||
        words >> rest) {
      return fail("Line " + std::to_string(number) +
                  " of the list of choices is not \"name subject occasion counter value\": " + line);
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

}  // namespace timestore::sim
