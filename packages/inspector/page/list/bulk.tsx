import type { ListReply } from '../../src/api/list.ts'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { AskFirst } from '../bulk/ask-first.tsx'
import type { What } from '../data/bulk.ts'
import { useMay } from '../data/status.ts'

/** What can be done to all tasks that the search finds. */
export function Bulk({
  reply,
  hasRows,
}: {
  reply: ListReply | undefined
  hasRows: boolean
}): JSX.Element | null {
  const [asked, setAsked] = useState<What | undefined>()
  const mayRun = useMay('replay')
  const mayDiscard = useMay('discard')
  const filter = reply?.tasks
  useEffect(() => setAsked(undefined), [JSON.stringify(filter)])
  if (filter === undefined || !hasRows || (!mayRun && !mayDiscard)) return null
  const state = filter['state']
  return (
    <div class="bulk">
      {asked === undefined ? (
        <>
          <span>All that match:</span>
          {mayRun && state !== 'running' && (
            <button type="button" onClick={() => setAsked('replay')}>
              {state === 'pending' ? 'Run now…' : 'Run again…'}
            </button>
          )}
          {mayDiscard && state !== 'running' && state !== 'done' && (
            <button type="button" class="quiet" onClick={() => setAsked('discard')}>
              Discard…
            </button>
          )}
        </>
      ) : (
        <AskFirst key={asked} what={asked} filter={filter} close={() => setAsked(undefined)} />
      )}
    </div>
  )
}
