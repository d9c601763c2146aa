import type { Thing } from '../../src/api.ts'
import type { JSX } from 'preact'
import { href, qualifier } from '../data/route.ts'
import { Spark } from '../parts/spark.tsx'
import { count } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { safe } from '../words/safe.ts'
import { refusedLink } from './refused-link.ts'
import { Since } from './since.tsx'

/** Refusals that need a look are counted for so long. */
const BURST = '6h'

/** A thing without tasks: refusals, a silent receiver, an inbox in trouble. */
export function OtherThing({
  thing,
  at,
}: {
  thing: Exclude<Thing, { kind: 'dead' }>
  at: number
}): JSX.Element {
  if (thing.kind === 'refused')
    return (
      <Row
        sign="⊘"
        tone="warn"
        word={`${count(thing.count)} refused`}
        link={refusedLink(thing, BURST)}
        who={thing.receiver}
      >
        <span class="what">
          <code>{safe(thing.code)}</code>
          {thing.proven && <span>proven: {safe(thing.proven)}</span>}
        </span>
        <Spark values={thing.spark} tone="warn" />
        <Since at={thing.since} />
        <span class="acts">
          <a class="button" href={refusedLink(thing, BURST, true)}>
            Explain
          </a>
        </span>
      </Row>
    )
  if (thing.kind === 'silent') {
    const last = href({ screen: 'list', receiver: '', q: qualifier('receiver', thing.receiver) })
    return (
      <Row sign="…" tone="calm" word="silent" link={last} who={thing.receiver}>
        <span class="what">
          <span class="strong">nothing for {duration(at - thing.since)}</span>
          {thing.usually !== undefined && <span>usually every {duration(thing.usually)}</span>}
          {thing.limit !== undefined && <span>its limit is {duration(thing.limit)}</span>}
        </span>
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
    <Row sign="✕" tone="bad" word="inbox" who={thing.receiver}>
      <span class="what wide">{safe(thing.message)}</span>
    </Row>
  )
}

function Row(props: {
  sign: string
  tone: string
  word: string
  link?: string
  who: string
  children: preact.ComponentChildren
}): JSX.Element {
  const mark = (
    <>
      <span class="sign" aria-hidden="true">
        {props.sign}
      </span>
      {props.word}
    </>
  )
  return (
    <li>
      <div class="thing">
        {props.link === undefined ? (
          <span class={`mark ${props.tone}`}>{mark}</span>
        ) : (
          <a class={`mark ${props.tone}`} href={props.link}>
            {mark}
          </a>
        )}
        <span class="who">
          <b>{safe(props.who)}</b>
        </span>
        {props.children}
      </div>
    </li>
  )
}
