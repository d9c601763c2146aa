import type { HealthReply, MutedCause, Thing } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { Button, QuietButton } from '../parts/button.tsx'
import { href, qualifier, useRoute } from '../data/route.ts'
import { count, counted } from '../words/count.ts'
import { Sign } from '../parts/mark.tsx'
import { Remedy } from '../parts/remedy.tsx'
import { Spark } from '../parts/spark.tsx'
import { duration } from '../words/duration.ts'
import { middle, safe } from '../words/safe.ts'
import { rejectedLink } from './rejected-link.ts'
import { useState } from 'preact/hooks'
import { AskFirst } from '../bulk/ask-first.tsx'
import type { What } from '../data/bulk.ts'
import { live } from '../data/live.ts'
import { MuteForm, mute } from '../parts/mute.tsx'
import { useMay } from '../data/status.ts'
import { useStore } from '../data/store.ts'
import { clockTime, iso } from '../words/time.ts'

/** The issues, the worst first. Issues that have ended come last, followed by a link to unlisted issues. */
export function Things({ health }: { health: HealthReply }): JSX.Element | null {
  const { things, more, at } = health
  if (things.length === 0) return null
  return (
    <ul class="card things" aria-label="Issues that need attention">
      {things.map((thing) =>
        thing.kind === 'dead' ? (
          <DeadThing key={keyOf(thing)} thing={thing} />
        ) : (
          <OtherThing key={keyOf(thing)} thing={thing} at={at} />
        ),
      )}
      {more.dead > 0 && (
        <li class="more-things">
          <a href={href({ screen: 'list', q: 'state:dead' })}>
            and {more.causes > 0 && `${counted(more.causes, 'more cause')}, `}
            {count(more.dead)} {more.causes > 0 ? 'dead' : 'more dead'}
          </a>
          {more.ofNewest !== undefined && (
            <div class="muted">
              Causes are of the {count(more.ofNewest)} newest failed tasks of each subscription.
            </div>
          )}
        </li>
      )}
    </ul>
  )
}

function keyOf(thing: Thing): string {
  if (thing.kind === 'dead')
    return `dead ${thing.cause ?? `${thing.subscriptions[0]?.receiver} ${thing.subscriptions[0]?.subscription}`}`
  return `${thing.kind} ${thing.receiver} ${thing.kind === 'rejected' ? thing.code : ''}`
}

/** The time that the count of a burst of rejections covers, for the qualifier `since`. */
const BURST = '6h'

/** An issue without tasks: rejections, a silent receiver, or a failing inbox. */
function OtherThing({
  thing,
  at,
}: {
  thing: Exclude<Thing, { kind: 'dead' }>
  at: number
}): JSX.Element {
  if (thing.kind === 'rejected')
    return (
      <Row
        sign="⊘"
        tone="warn"
        word={`${count(thing.count)}${thing.of === undefined ? '' : ` of ${count(thing.of)}`} rejected`}
        link={rejectedLink(thing, BURST)}
        who={thing.receiver}
        says={
          <>
            {' · '}
            <code>{safe(thing.code)}</code>
            {thing.proven && (
              <>
                {' · '}
                <b>proven: {safe(thing.proven)}</b>
              </>
            )}
            {thing.likely && ` · likely: ${safe(thing.likely)}`}
          </>
        }
        more={thing.remedy && <Remedy text={thing.remedy.slice(0, 500)} />}
        isOver={thing.isOver}
      >
        <Spark values={thing.spark} tone="warn" />
        <When {...thing} end="ended" />
        <span class="acts">
          <a class="button" href={rejectedLink(thing, BURST, thing.explain)}>
            Explain
          </a>
        </span>
      </Row>
    )
  if (thing.kind === 'silent') {
    const last = href({ screen: 'list', receiver: '', q: qualifier('receiver', thing.receiver) })
    const { usually, limit } = thing
    return (
      <Row
        sign="…"
        tone="calm"
        word="silent"
        link={last}
        who={thing.receiver}
        says={` · nothing for ${duration(at - thing.since)}`}
        more={[
          ...(usually === undefined ? [] : [`usually every ${duration(usually)}`]),
          ...(limit === undefined ? [] : [`its limit is ${duration(limit)}`]),
        ].join(' · ')}
      >
        <span class="spark" />
        <Since at={thing.since} />
        <span class="acts">
          <a class="button" href={`${last}&open=first`}>
            Last seen
          </a>
        </span>
      </Row>
    )
  }
  return (
    <Row sign="✕" tone="bad" word="inbox" who={thing.receiver} says={` · ${safe(thing.message)}`} />
  )
}

function Row(props: {
  sign: string
  tone: string
  word: string
  link?: string
  who: string
  says: preact.ComponentChildren
  more?: preact.ComponentChildren
  isOver?: boolean | undefined
  children?: preact.ComponentChildren
}): JSX.Element {
  const mark = (
    <>
      <Sign>{props.sign}</Sign>
      {props.word}
    </>
  )
  return (
    <li class={props.isOver ? 'over' : undefined}>
      <div class="thing">
        {props.link === undefined ? (
          <span class={`mark ${props.tone}`}>{mark}</span>
        ) : (
          <a class={`mark ${props.tone}`} href={props.link}>
            {mark}
          </a>
        )}
        <span class={`what${props.children === undefined ? ' wide' : ''}`}>
          <span class="said">
            <b title={safe(props.who.slice(0, 400))}>{safe(middle(props.who, 28))}</b>
            {props.says}
          </span>
          {props.more && <span class="where">{props.more}</span>}
        </span>
        {props.children}
      </div>
    </li>
  )
}

type Dead = Thing & { kind: 'dead' }

/** Dead tasks of one cause, with the actions on all of them. */
function DeadThing({ thing }: { thing: Dead }): JSX.Element {
  const [asked, setAsked] = useState<What | 'mute' | undefined>()
  const mayRun = useMay('replay')
  const mayDelete = useMay('delete')
  const mayMute = useMay('mute') && thing.cause !== undefined
  const { receiver } = useRoute()
  // While the server does not answer, no task can be changed.
  const isDown = useStore(live).failure !== undefined
  const { cause, error, retrying, subscriptions, moreSubscriptions, muted } = thing
  const only = cause === undefined ? subscriptions[0] : receiver === '' ? {} : { receiver }
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
          <Sign>✕</Sign>
          {count(thing.count)} dead
        </a>
        <span class="what">
          <code class="said" title={safe(text.slice(0, 1000))}>
            {safe(text.slice(0, 400) || error.name)}
          </code>
          <span class="where">
            {subscriptions.map((one, at) => (
              <span key={`${one.receiver} ${one.subscription}`}>
                {at > 0 && ', '}
                <span title={safe(`${one.receiver} › ${one.subscription}`.slice(0, 500))}>
                  {safe(middle(one.receiver, 28))} › <b>{safe(middle(one.subscription, 28))}</b>
                </span>
                {subscriptions.length > 1 && ` (${count(one.dead)})`}
              </span>
            ))}
            {moreSubscriptions > 0 && ` and ${count(moreSubscriptions)} more`}
            {retrying > 0 && ` · ${count(retrying)} more wait for a retry`}
            {muted && ` · ${mutedText(muted)}`}
          </span>
        </span>
        {thing.spark.some((failed) => failed > 0) ? (
          <Spark values={thing.spark} tone="bad" />
        ) : (
          // The journal counts only the first causes of each minute. A cause without counts gets an empty space,
          // because a flat line would say that nothing failed.
          <span class="spark" />
        )}
        <When {...thing} end="resolved" />
        <span class="acts">
          {mayRun && (
            <Button disabled={isDown} aria-expanded={asked === 'replay'} onClick={ask('replay')}>
              Run again…
            </Button>
          )}
          {mayDelete && (
            <QuietButton
              disabled={isDown}
              aria-expanded={asked === 'delete'}
              onClick={ask('delete')}
            >
              Delete…
            </QuietButton>
          )}
          {mayMute && (
            <QuietButton
              disabled={isDown}
              aria-expanded={asked === 'mute'}
              onClick={muted ? () => void mute([cause!]) : ask('mute')}
            >
              {muted ? 'Unmute' : 'Mute…'}
            </QuietButton>
          )}
        </span>
      </div>
      {(asked === 'replay' || asked === 'delete') && (
        <AskFirst key={asked} what={asked} which={{ filter }} close={() => setAsked(undefined)} />
      )}
      {asked === 'mute' && <MuteForm causes={[cause!]} close={() => setAsked(undefined)} />}
    </li>
  )
}

/** Returns text such as `muted by ada: fixed in 4.2 · owner payments · until it fails again`. */
function mutedText({ note, owner, by }: MutedCause): string {
  const who = by === undefined ? '' : ` by ${safe(by)}`
  const why = note === '' ? '' : `: ${safe(note)}`
  return `muted${who}${why}${owner === undefined ? '' : ` · owner ${safe(owner)}`} · until it fails again`
}

/** Since when an issue exists, and whether it continues. */
function When({
  since,
  last,
  isOver,
  end,
}: {
  since: number
  last?: number | undefined
  isOver?: boolean | undefined
  end: string
}): JSX.Element {
  if (last === undefined) return <Since at={since} />
  if (isOver) return <Since at={last} word={end} />
  return (
    <span class="since">
      <Since at={since} />
      <span>
        last {clockTime(last)} · <b>ongoing</b>
      </span>
    </span>
  )
}

function Since({ at, word = 'since' }: { at: number; word?: string }): JSX.Element {
  return (
    <span class="since">
      {word} <time dateTime={iso(at)}>{clockTime(at)}</time>
    </span>
  )
}
