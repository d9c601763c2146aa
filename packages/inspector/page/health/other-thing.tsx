import type { Thing } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { href, qualifier } from '../data/route.ts'
import { Spark } from '../parts/spark.tsx'
import { count } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { middle, safe } from '../words/safe.ts'
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
        word={`${count(thing.count)}${thing.of === undefined ? '' : ` of ${count(thing.of)}`} refused`}
        link={refusedLink(thing, BURST)}
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
          </>
        }
        more={thing.remedy && safe(thing.remedy.slice(0, 300))}
      >
        <Spark values={thing.spark} tone="warn" />
        <Since at={thing.since} />
        <span class="acts">
          <a class="button" href={refusedLink(thing, BURST, thing.explain)}>
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
  children?: preact.ComponentChildren
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
