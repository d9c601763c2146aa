import type { JSX } from 'preact'
import { wordsOf } from '../../src/search/tokens.ts'
import { href, useRoute } from '../data/route.ts'
import { toggled } from './query.ts'

const QUICK = [
  ['✕', 'bad', 'dead', 'state:dead'],
  ['○', 'calm', 'waiting', 'state:pending'],
  ['⊘', 'warn', 'refused', 'outcome:refused'],
  ['', 'calm', 'last hour', 'since:1h'],
  ['', 'calm', 'last day', 'since:24h'],
] as const

/** The filters that are wanted most, one click each; the search line shows how they are written. */
export function Quick(): JSX.Element {
  const { q } = useRoute()
  const words = wordsOf(q)
  return (
    <ul class="quick" aria-label="Filters">
      {QUICK.map(([sign, tone, word, qualifier]) => (
        <li key={qualifier}>
          <a
            href={href({ screen: 'list', q: toggled(q, qualifier) })}
            aria-current={words.includes(qualifier) ? 'true' : undefined}
          >
            {sign !== '' && (
              <span class={`sign ${tone}`} aria-hidden="true">
                {sign}
              </span>
            )}
            {word}
          </a>
        </li>
      ))}
    </ul>
  )
}
