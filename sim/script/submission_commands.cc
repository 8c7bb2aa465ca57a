// Nodes that find the leader for their clients.
#include "sim/script/commands.h"

namespace timestore::sim::script {

namespace {

Result<std::size_t> take_submission(Stage& stage, Words& words) {
  auto word = words.take("SUBMISSION");
  if (!word) return tl::unexpected(word.error());
  const std::size_t count = stage.submissions().size();
  const auto number = to_number(word->starts_with('s') ? word->substr(1) : "", "SUBMISSION");
  if (number && *number >= 1 && *number <= count) return *number - 1;
  return fail("\"" + *word + "\" is no submission of this scenario" +
              (count == 0 ? ": there is none yet." : ": the newest is s" + std::to_string(count) + "."));
}

Result<void> submit(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  auto entries = take_entries(words);
  if (!entries) return tl::unexpected(entries.error());
  stage.submissions().submit(*number, std::move(*entries));
  stage.act(*number);
  return {};
}

Result<void> arrive(Stage& stage, Words& words) {
  const auto submission = take_submission(stage, words);
  if (!submission) return tl::unexpected(submission.error());
  const auto at = stage.submissions().arrive(*submission);
  if (!at) return tl::unexpected(at.error());
  stage.act(*at);
  return words.end();
}

Result<void> answer(Stage& stage, Words& words) {
  const auto submission = take_submission(stage, words);
  if (!submission) return tl::unexpected(submission.error());
  if (auto arrived = stage.submissions().answer(*submission); !arrived) return arrived;
  stage.act(stage.submissions().node(*submission));
  return words.end();
}

Result<void> lose(Stage& stage, Words& words) {
  const auto submission = take_submission(stage, words);
  if (!submission) return tl::unexpected(submission.error());
  if (auto lost = stage.submissions().lose(*submission); !lost) return lost;
  stage.act(stage.submissions().node(*submission));
  return words.end();
}

}  // namespace

const Chapter& submission_chapter() {
  static const Chapter kChapter{
      "Writes that are handed on",
      "Submissions are named s1, s2, ... in the order in which they are made.",
      {
          {"submit NODE DEVICE=VALUE[@ID]...",
           "A client writes by way of this node, which finds the leader itself, and asks again where an answer is "
           "lost.",
           submit},
          {"arrive SUBMISSION",
           "The request arrives at the node that was asked; a second time it arrives as another one would.", arrive},
          {"answer SUBMISSION", "The newest answer arrives.", answer},
          {"lose SUBMISSION", "No answer arrives until the patience of the node that asked is over.", lose},
      }};
  return kChapter;
}

}  // namespace timestore::sim::script
