import type { JSX } from 'preact'
import { safe } from '../words/safe.ts'

/**
 * A remedy. Only a URL at its end, of the sender's documentation, becomes a link. Other parts may quote a stranger, so
 * URLs there stay text.
 */
export function Remedy({ text }: { text: string }): JSX.Element {
  const [, before, url] = /^([^]* See )(https:\/\/[^\s"'<>]+)$/.exec(text) ?? []
  if (before === undefined || url === undefined) return <>{safe(text)}</>
  return (
    <>
      {safe(before)}
      <a class="out" href={url} target="_blank" rel="noreferrer">
        {safe(url)}
      </a>
    </>
  )
}
