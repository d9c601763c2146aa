import { distance } from '../basics/unknown-options.ts'

/**
 * Returns a sentence for each handler whose topic is probably a typo, for apps that do not type their topics. Such a
 * topic is unknown, and differs from a known topic by a typing error. Not all topics of a sender are known, so a
 * different word (`reopened` for `opened`) does not count as a typo.
 */
export function topicTypos(
  sender: string,
  patterns: readonly string[],
  known: readonly string[],
): readonly string[] {
  return patterns
    .filter((pattern) => !pattern.includes('*') && !known.includes(pattern))
    .flatMap((pattern) => {
      const meant = known.find((topic) => isTypo(pattern, topic))
      if (meant === undefined) return []
      return `a handler is for ${pattern}, which isn't a known topic of ${sender}; did you mean ${meant}?`
    })
}

function isTypo(one: string, other: string): boolean {
  if (plain(one) === plain(other)) return true
  // Names with a different number of parts are different names: `ProjectUpdate` and `Project.update`.
  if (plain(one).split('.').length !== plain(other).split('.').length) return false
  const changes = distance(one, other)
  if (changes === 1) return one.length > 4
  if (changes !== 2 || one.length < 8) return false
  // Two swapped letters are a typo, and so is one added letter together with one wrong letter. Two added letters are
  // not: a prefix such as `un` makes a different word.
  return one.length === other.length
    ? sortedLetters(one) === sortedLetters(other)
    : Math.abs(one.length - other.length) === 1
}

function sortedLetters(topic: string): string {
  return topic.split('').toSorted().join('')
}

// Makes different spellings equal, such as `Invoice_Paid` and `invoice.paid`.
function plain(topic: string): string {
  return topic.toLowerCase().replaceAll(/[^a-z0-9]/g, '.')
}
