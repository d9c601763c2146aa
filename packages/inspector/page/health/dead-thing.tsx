import type { MuteReply, MuteRequest } from '../../src/api/change.ts'
import type { Thing } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { AskFirst } from '../bulk/ask-first.tsx'
import { note as say } from '../data/announce.ts'
import { AskFailure, act } from '../data/ask.ts'
import type { What } from '../data/bulk.ts'
import { live, refresh } from '../data/live.ts'
import { href, qualifier, useRoute } from '../data/route.ts'
import { useMay } from '../data/status.ts'
import { useStore } from '../data/store.ts'
import { Spark } from '../parts/spark.tsx'
import { count } from '../words/count.ts'
import { middle, safe } from '../words/safe.ts'
import { clockTime } from '../words/time.ts'
import { Since } from './since.tsx'

type Dead = Thing & { kind: 'dead' }

/** Tasks that died of one cause: which, how many, where, since when, and what to do about all of them. */
export function DeadThing({ thing }: { thing: Dead }): JSX.Element {
  const [asked, setAsked] = useState<What | 'mute' | undefined>()
  const mayRun = useMay('replay')
  const mayDiscard = useMay('discard')
  const mayMute = useMay('mute') && thing.cause !== undefined
  const { receiver } = useRoute()
  // Nothing can be changed while nothing answers.
  const isDown = useStore(live).failure !== undefined
  const { cause, error, retrying, lanes, moreLanes, muted } = thing
  const only = cause === undefined ? lanes[0] : receiver === '' ? {} : { receiver }
  const { dead: _, ...within } = { dead: 0, ...only }
  const filter = { ...within, ...(cause && { cause }), state: 'dead' }
  const q = [
    'state:dead',
    ...Object.entries(within).map(([name, value]) => qualifier(name, value)),
    ...(cause ? [qualifier('cause', cause)] : []),
  ].join(' ')
  const ask = (what: What | 'mute') => () => setAsked(asked === what ? undefined : what)
  const text = cause === undefined ? `${error.name} ${error.message}`.trim() : error.message
  return (
    <li class={thing.isOver || muted ? 'over' : undefined}>
      <div class="thing">
        <a class="mark bad" href={href({ screen: 'list', q })}>
          <span class="sign" aria-hidden="true">
            ✕
          </span>
          {count(thing.count)} dead
        </a>
        <span class="what">
          <code class="said" title={safe(text.slice(0, 1000))}>
            {safe(text.slice(0, 400) || error.name)}
          </code>
          <span class="where">
            {lanes.map((lane, at) => (
              <span key={`${lane.receiver} ${lane.subscription}`}>
                {at > 0 && ', '}
                <span title={safe(`${lane.receiver} › ${lane.subscription}`.slice(0, 500))}>
                  {safe(middle(lane.receiver, 28))} › <b>{safe(middle(lane.subscription, 28))}</b>
                </span>
                {lanes.length > 1 && ` (${count(lane.dead)})`}
              </span>
            ))}
            {moreLanes > 0 && ` and ${count(moreLanes)} more`}
            {retrying > 0 && ` · ${count(retrying)} more wait for a retry`}
            {muted && ` · ${safe(muted.note) || 'seen'}${muted.by ? `, ${safe(muted.by)}` : ''}`}
          </span>
        </span>
        {thing.spark.some((failed) => failed > 0) ? (
          <Spark values={thing.spark} tone="bad" />
        ) : (
          // The journal counts the first causes of a minute: a flat line would say that nothing failed.
          <span class="spark" />
        )}
        <When thing={thing} />
        <span class="acts">
          {mayRun && (
            <button
              type="button"
              disabled={isDown}
              aria-expanded={asked === 'replay'}
              onClick={ask('replay')}
            >
              Run again…
            </button>
          )}
          {mayDiscard && (
            <button
              type="button"
              class="quiet"
              disabled={isDown}
              aria-expanded={asked === 'discard'}
              onClick={ask('discard')}
            >
              Discard…
            </button>
          )}
          {mayMute && (
            <button
              type="button"
              class="quiet"
              disabled={isDown}
              aria-expanded={asked === 'mute'}
              onClick={muted ? () => void mute(cause!) : ask('mute')}
            >
              {muted ? 'Unmute' : 'Mute…'}
            </button>
          )}
        </span>
      </div>
      {(asked === 'replay' || asked === 'discard') && (
        <AskFirst key={asked} what={asked} filter={filter} close={() => setAsked(undefined)} />
      )}
      {asked === 'mute' && <Mute cause={cause!} close={() => setAsked(undefined)} />}
    </li>
  )
}

function When({ thing: { since, last, isOver } }: { thing: Dead }): JSX.Element {
  if (isOver) return <Since at={last} word="over since" />
  return (
    <span class="since">
      <Since at={since} />
      <span>
        last {clockTime(last)} · <b>going on</b>
      </span>
    </span>
  )
}

function Mute({ cause, close }: { cause: string; close: () => void }): JSX.Element {
  const [text, setText] = useState('')
  return (
    <form
      class="ask-first"
      onSubmit={(event) => {
        event.preventDefault()
        void mute(cause, text)
        close()
      }}
    >
      <input
        type="text"
        aria-label="Note"
        placeholder="why nobody needs to look, such as: mended in 4.2, runs again tonight"
        maxLength={300}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit">Mute until one more dies</button>
      <button type="button" class="quiet" onClick={close}>
        Close
      </button>
    </form>
  )
}

async function mute(cause: string, text?: string): Promise<void> {
  try {
    const body: MuteRequest = { cause, ...(text === undefined ? {} : { note: text }) }
    await act<MuteReply>('mute', body)
    refresh()
  } catch (error) {
    if (error instanceof AskFailure) say(error.message)
  }
}
