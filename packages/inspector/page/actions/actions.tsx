import type { ActedRow, ActionsReply } from '../../src/api/actions.ts'
import type { JSX } from 'preact'
import { Button } from '../parts/button.tsx'
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../data/ask.ts'
import { href } from '../data/route.ts'
import { useStatus } from '../data/status.ts'
import { useReply } from '../data/use-reply.ts'
import { Skeleton } from '../parts/skeleton.tsx'
import { TableHead } from '../parts/table-head.tsx'
import { count } from '../words/count.ts'
import { did } from '../words/did.ts'
import { head, safe } from '../words/safe.ts'
import { clock, iso } from '../words/time.ts'

export function Actions(): JSX.Element {
  const { name } = useStatus()
  const { data, isSlow, failure } = useReply<ActionsReply>('actions', {}, true)
  const [older, setOlder] = useState<ActionsReply | undefined>()
  useEffect(() => {
    document.title = `Actions · ${name}`
  }, [name])
  const last = older ?? data
  const rows = [...(data?.rows ?? []), ...(older?.rows ?? [])]
  const more = (cursor: string): void => {
    void ask<ActionsReply>('actions', { cursor }).then(
      (reply) => setOlder({ rows: [...(older?.rows ?? []), ...reply.rows], cursor: reply.cursor }),
      () => {},
    )
  }
  return (
    <div class="page acted-list">
      <h1>Actions</h1>
      <p class="muted">
        The last 1,000 changes: who changed which tasks, and who muted which causes.
      </p>
      {data === undefined && isSlow && <Skeleton lines={6} what="actions" />}
      {failure !== undefined && <p class="empty">{failure.message}</p>}
      {data !== undefined && rows.length === 0 && (
        <p class="empty">Nobody has run, deleted, erased or muted anything here.</p>
      )}
      {rows.length > 0 && (
        // A region that scrolls must be reachable by keyboard.
        <div class="card scrolls" role="region" aria-label="Actions" tabIndex={0}>
          <table class="handlers">
            <TableHead columns={['When', 'Who', 'What', 'Which']} />
            <tbody>
              {rows.map((row) => (
                <Line key={row.id} row={row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {last?.cursor !== undefined && <Button onClick={() => more(last.cursor!)}>Older ones</Button>}
    </div>
  )
}

function Line({ row }: { row: ActedRow }): JSX.Element {
  const { id, at, by, what, count: of, q, error, note, owner, hasTasks } = row
  const isMute = what === 'mute' || what === 'unmute'
  const words = isMute ? did(what) : `${count(of)} ${did(what)}`
  return (
    <tr>
      <td>
        <time dateTime={iso(at)}>{clock(at)}</time>
      </td>
      <th scope="row">{by === undefined ? '–' : safe(by)}</th>
      <td>
        {hasTasks ? (
          <a href={href({ screen: 'list', receiver: '', q: `action:${id}` })}>{words}</a>
        ) : (
          words
        )}
      </td>
      <td class="which">
        {(q !== '' || (error === undefined && !isMute)) && (
          <code>{q === '' ? 'all' : safe(q.slice(0, 300))}</code>
        )}
        {error !== undefined && (
          <span>
            {q !== '' && ' '}
            <bdi>{safe(head(error, 200))}</bdi>
          </span>
        )}
        {note !== undefined && <span class="muted"> · {safe(note)}</span>}
        {owner !== undefined && <span class="muted"> · owner {safe(owner)}</span>}
      </td>
    </tr>
  )
}
