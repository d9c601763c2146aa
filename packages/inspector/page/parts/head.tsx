import type { JSX } from 'preact'
import { Button, QuietButton } from './button.tsx'
import { RANGES, go, href, hrefHere, useRoute } from '../data/route.ts'
import { live, pauseLive } from '../data/live.ts'
import { useStatus } from '../data/status.ts'
import { useStore } from '../data/store.ts'
import { safe } from '../words/safe.ts'

const RANGE_WORDS = {
  '15m': '15 minutes',
  '1h': '1 hour',
  '6h': '6 hours',
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
} as const

const SCREENS = [
  ['health', 'Health'],
  ['list', 'Deliveries'],
  ['actions', 'Actions'],
] as const

export function Head({
  isUtc,
  turnUtc,
  help,
}: {
  isUtc: boolean
  turnUtc: () => void
  help: () => void
}): JSX.Element {
  const { screen } = useRoute()
  const { name } = useStatus()
  return (
    <header class="head">
      <a class="brand" href={href({})} aria-label="postern, to health">
        <Arch />
        <span>postern</span>
      </a>
      {name !== 'postern' && <span class="app">{safe(name)}</span>}
      <nav aria-label="Screens">
        {SCREENS.map(([to, title]) => (
          <a key={to} href={href({ screen: to })} aria-current={to === screen ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <div class="controls">
        <Receivers />
        {screen === 'health' && <RangeSelect />}
        <LiveButton />
        <QuietButton
          aria-pressed={isUtc}
          title="Times in UTC or in your zone (u)"
          onClick={turnUtc}
        >
          UTC
        </QuietButton>
        <QuietButton aria-label="All keys" title="All keys (?)" onClick={help}>
          ?
        </QuietButton>
        <SignOut />
      </div>
    </header>
  )
}

function Arch(): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d="M3 15V7a5 5 0 0 1 10 0v8" fill="none" stroke="currentColor" stroke-width="3" />
    </svg>
  )
}

function Receivers(): JSX.Element | null {
  const { receiver } = useRoute()
  const { receivers } = useStatus()
  if (receivers.length < 2) return null
  return (
    <select
      aria-label="Receiver"
      value={receiver}
      onChange={(event) => go(hrefHere({ receiver: event.currentTarget.value, open: '' }))}
    >
      <option value="">all receivers</option>
      {receivers.map(({ name }) => (
        <option key={name} value={name}>
          {safe(name)}
        </option>
      ))}
      {receiver !== '' && !receivers.some(({ name }) => name === receiver) && (
        <option value={receiver}>{safe(receiver)}</option>
      )}
    </select>
  )
}

function RangeSelect(): JSX.Element {
  const { range } = useRoute()
  return (
    <select
      aria-label="Time range"
      value={range}
      onChange={(event) => go(hrefHere({ range: event.currentTarget.value as typeof range }))}
    >
      {RANGES.map((value) => (
        <option key={value} value={value}>
          {RANGE_WORDS[value]}
        </option>
      ))}
    </select>
  )
}

function LiveButton(): JSX.Element {
  const { isPaused, failure } = useStore(live)
  const word = failure ? 'trying' : isPaused ? 'paused' : 'live'
  return (
    <Button
      class={`quiet live ${word}`}
      title={isPaused ? 'Show what happens again' : 'Pause the updates'}
      aria-pressed={!isPaused}
      aria-label="Live updates"
      onClick={() => pauseLive(!isPaused)}
    >
      <span aria-hidden="true" class="dot" />
      {word}
    </Button>
  )
}

/** A plain form that signs out. Like the form of the sign-in page, it is sent to the URL of the document. */
function SignOut(): JSX.Element | null {
  const { visitor } = useStatus()
  if (!visitor.canSignOut) return null
  return (
    <form method="post" action={location.pathname} class="sign-out">
      <input type="hidden" name="at" value={location.pathname} />
      <button
        class="quiet"
        name="signOut"
        value="1"
        title={visitor.as === undefined ? undefined : `You are ${safe(visitor.as)}`}
      >
        Sign out
      </button>
    </form>
  )
}
