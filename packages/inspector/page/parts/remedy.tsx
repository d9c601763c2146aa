import type { JSX } from 'preact'
import { safe } from '../words/safe.ts'

/** A remedy, with a link to the sender's page at its end. Other parts may quote a stranger: a URL there stays text. */
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
