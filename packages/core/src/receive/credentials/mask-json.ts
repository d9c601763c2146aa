import { MASK, type TextSpan, type TextSpans } from './masked.ts'
import type { CredentialPlace } from './places.ts'

const TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"?|[{}[\],:]|[^\s"{}[\],:]+/g

/** An object or a list that is being read. */
interface Frame {
  readonly isList: boolean
  /** Undefined if no credential can be below it. */
  readonly place: CredentialPlace | undefined
  readonly path: string
  /** The name of the member whose value comes; undefined while a name is expected. */
  name: string | undefined
  colon: boolean
}

/** The values at places of a JSON text, which may be cut off. Several values one after another are read each from the top. */
export function membersIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  const stack: Frame[] = []
  /** The value that is being masked: where it begins, and how many frames are open around it. */
  let open: { readonly from: number; readonly path: string; readonly depth: number } | undefined
  let isRead = true

  for (const match of text.matchAll(TOKEN)) {
    const [token] = match
    const frame = stack.at(-1)
    if (token === ',') next(frame)
    else if (token === ':') colon(frame)
    else if (token === '}' || token === ']') close(token, match.index + 1)
    else if (frame && !frame.isList && frame.name === undefined) name(frame, token)
    else value(token, match.index, frame)
  }
  if (open) end(text.length)
  return { spans, isRead }

  function value(token: string, from: number, frame: Frame | undefined): void {
    if (frame && !frame.isList && !frame.colon) isRead = false
    const place = below(frame)
    const path = pathOf(frame)
    const isDeep = token === '{' || token === '['
    if (place?.isCredential && !open && token !== 'null' && token !== '""') {
      open = { from, path, depth: stack.length }
      if (!isDeep) end(from + token.length)
    }
    if (isDeep) stack.push({ isList: token === '[', place, path, name: undefined, colon: false })
  }

  function close(token: string, to: number): void {
    const frame = stack.pop()
    if (frame?.isList !== (token === ']')) isRead = false
    if (open && stack.length <= open.depth) end(to)
  }

  function end(to: number): void {
    spans.push({ from: open!.from, to, path: open!.path, mask: JSON.stringify(MASK) })
    open = undefined
  }

  function next(frame: Frame | undefined): void {
    if (!frame) isRead = false
    else frame.name = undefined
    if (frame) frame.colon = false
  }

  function colon(frame: Frame | undefined): void {
    if (!frame || frame.isList || frame.name === undefined || frame.colon) isRead = false
    else frame.colon = true
  }

  function name(frame: Frame, token: string): void {
    frame.name = decoded(token)
    if (frame.name === undefined) {
      isRead = false
      frame.name = token
    }
  }

  function below(frame: Frame | undefined): CredentialPlace | undefined {
    if (!frame) return places
    return frame.isList ? frame.place?.items : frame.place?.members.get(frame.name ?? '')
  }
}

function pathOf(frame: Frame | undefined): string {
  if (!frame) return ''
  if (frame.isList) return `${frame.path}[]`
  return frame.path === '' ? (frame.name ?? '') : `${frame.path}.${frame.name ?? ''}`
}

/** The name of a member; undefined if it is none. */
function decoded(token: string): string | undefined {
  if (!token.startsWith('"')) return undefined
  try {
    return JSON.parse(token) as string
  } catch {
    // Cut off, or with a control character in it.
    return token.slice(1)
  }
}
