import { distance } from '../basics/unknown-options.ts'

/**
 * Finds handlers whose topic is probably misspelt, for apps without types of topics: a pattern that is not a known topic of
 * the sender, but differs from one by a typing error. Not all topics are known, so another word (`reopened` beside
 * `opened`) is no typing error. Returns a sentence for each.
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
  // `ProjectUpdate` is another name beside `Project.update`.
  if (plain(one).split('.').length !== plain(other).split('.').length) return false
  const changes = distance(one, other)
  if (changes === 1) return one.length > 4
  if (changes !== 2 || one.length < 8) return false
  // Two letters that changed places; or one too many and another one wrong. `un` in front is another word.
  return one.length === other.length
    ? sortedLetters(one) === sortedLetters(other)
    : Math.abs(one.length - other.length) === 1
}

function sortedLetters(topic: string): string {
  return topic.split('').toSorted().join('')
}

// `Invoice_Paid` beside `invoice.paid`.
function plain(topic: string): string {
  return topic.toLowerCase().replaceAll(/[^a-z0-9]/g, '.')
}
