import { distance } from '../basics/unknown-options.ts'

/**
 * Returns a sentence for each handler whose topic is probably a typo, for apps without types of topics. Such a topic is
 * unknown and differs from a known topic by a typing error. Not all topics of a sender are known, so another word (`reopened`
 * and `opened`) is not a typo.
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
  // `ProjectUpdate` is a different name from `Project.update`.
  if (plain(one).split('.').length !== plain(other).split('.').length) return false
  const changes = distance(one, other)
  if (changes === 1) return one.length > 4
  if (changes !== 2 || one.length < 8) return false
  // Two letters changed places, or one letter is added and another is wrong. `un` in front makes another word.
  return one.length === other.length
    ? sortedLetters(one) === sortedLetters(other)
    : Math.abs(one.length - other.length) === 1
}

function sortedLetters(topic: string): string {
  return topic.split('').toSorted().join('')
}

// Makes `Invoice_Paid` equal to `invoice.paid`.
function plain(topic: string): string {
  return topic.toLowerCase().replaceAll(/[^a-z0-9]/g, '.')
}
