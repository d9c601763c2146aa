import type { Thing } from '../../src/api.ts'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { AskFirst } from '../bulk/ask-first.tsx'
import type { What } from '../data/bulk.ts'
import { href, qualifier } from '../data/route.ts'
import { useMay } from '../data/status.ts'
import { Spark } from '../parts/spark.tsx'
import { count, counted } from '../words/count.ts'
import { safe } from '../words/safe.ts'
import { Since } from './since.tsx'

/** Tasks that died of one error: which, how many, since when, and what to do about all of them. */
export function DeadThing({ thing }: { thing: Thing & { kind: 'dead' } }): JSX.Element {
  const [asked, setAsked] = useState<What | undefined>()
  const mayRun = useMay('replay')
  const mayDiscard = useMay('discard')
  const { receiver, subscription, cause, error, retrying, failures } = thing
  const filter = { receiver, subscription, ...(cause && { cause }), state: 'dead' }
  const q = [
    'state:dead',
    qualifier('receiver', receiver),
    qualifier('subscription', subscription),
    ...(cause ? [qualifier('cause', cause)] : []),
  ].join(' ')
  const ask = (what: What) => () => setAsked(asked === what ? undefined : what)
  return (
    <li>
      <div class="thing">
        <a class="mark bad" href={href({ screen: 'list', q })}>
          <span class="sign" aria-hidden="true">
            ✕
          </span>
          {count(thing.count)} dead
        </a>
        <span class="who">
          {safe(receiver)} › <b>{safe(subscription)}</b>
        </span>
        <span class="what">
          <code>
            {safe(
              cause === undefined
                ? `${error.name} ${error.message}`.trim()
                : error.message.slice(0, 300) || error.name,
            )}
          </code>
          {retrying > 0 && <span>{count(retrying)} more wait for a retry</span>}
          {failures > 0 && <span>{counted(failures, 'run')} failed with it</span>}
        </span>
        <Spark values={thing.spark} tone="bad" />
        <Since at={thing.since} />
        <span class="acts">
          {mayRun && (
            <button type="button" aria-expanded={asked === 'replay'} onClick={ask('replay')}>
              Run again…
            </button>
          )}
          {mayDiscard && (
            <button
              type="button"
              class="quiet"
              aria-expanded={asked === 'discard'}
              onClick={ask('discard')}
            >
              Discard…
            </button>
          )}
        </span>
      </div>
      {asked && (
        <AskFirst key={asked} what={asked} filter={filter} close={() => setAsked(undefined)} />
      )}
    </li>
  )
}
