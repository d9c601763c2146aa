import type { JSX } from 'preact'

/** Gray lines in place of text that is loading. */
export function Skeleton({ lines, what }: { lines: number; what: string }): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">Loading {what}</span>
      {Array.from({ length: lines }, (_, at) => (
        <span key={at} class={`line w${at % 4}`} />
      ))}
    </div>
  )
}
