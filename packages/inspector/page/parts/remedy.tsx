import type { JSX } from 'preact'
import { safe } from '../words/safe.ts'

/**
 * A remedy. Only a URL at the end of the text becomes a link, because it leads to the provider's documentation. Other
 * parts may quote a stranger, so a URL there stays text.
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
