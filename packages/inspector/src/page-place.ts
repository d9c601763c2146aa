/** The place of a request below the mount. No option names the path of the mount. */
export interface PagePlace {
  /** `''` is the document; otherwise the path after `~/`, such as `page.js`. */
  readonly route: string
  readonly query: URLSearchParams
  /** The start of the document's references. */
  readonly base: string
  /** The document itself, without its query, as a reference relative to it. */
  readonly self: string
  /** The path before `/~/`; for the document, its path without a slash at the end. All requests of a page share it. */
  readonly mount: string
  /** The name of the app, as its operator gave it: text, no HTML. */
  readonly app: string
}

/**
 * Finds the place of a request by its path: everything but the document is under `<mount>/~/`. References of the
 * document are relative to its last segment. So they work behind a proxy that removes a prefix, and with or without a
 * slash at the end.
 */
export function pagePlaceOf(target: string, app = 'postern'): PagePlace {
  const hash = target.indexOf('#')
  const whole = hash < 0 ? target : target.slice(0, hash)
  const mark = whole.indexOf('?')
  const path = mark < 0 ? whole : whole.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : whole.slice(mark + 1))
  // `~` may come as %7E: some proxies write it so.
  const plain = path.replaceAll(/\/%7e\//gi, '/~/')
  const at = plain.lastIndexOf('/~/')
  if (at >= 0)
    return { route: plain.slice(at + 3), query, base: '', self: '', mount: plain.slice(0, at), app }
  const self = `./${quoted(path.slice(path.lastIndexOf('/') + 1))}`
  return {
    route: '',
    query,
    base: self === './' ? './~/' : `${self}/~/`,
    self,
    mount: path.replace(/\/+$/, ''),
    app,
  }
}

/** The last segment as it may be in an attribute of HTML. */
function quoted(segment: string): string {
  return segment.replaceAll(
    /[^\w\-.~%!*()@:$+,;=]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  )
}
