import { isCredentialName } from '@postern/core/internal'
import type { Provider } from '@postern/core/scheme'
import type { CurlPart } from '@postern/samples'

/** Hides secrets in the text of a delivery before it is shown. */
export interface Hider {
  text(text: string): string
  /** Returns the value of a header to show. The value of a credential header is hidden completely. */
  header(name: string, value: string): string
  /** Splits text for a shell command: each secret becomes a reference to the environment variable that holds it. */
  readonly parts: (text: string) => readonly CurlPart[]
}

const HIDDEN = '(hidden)'
// Minimum length of a secret to hide, in characters. A shorter text often occurs by chance.
const LEAST = 4

/** Creates a hider for the secrets of a provider. `variable` is the environment variable that holds the secret. */
export function createHider(
  provider: Provider,
  secrets: readonly string[],
  variable: string,
): Hider {
  // A provider that does not sign the body sends a token. The token is hidden even if it is not one of `secrets`.
  const tokens = provider.covers.body === 'none' ? (provider.credentials?.headers ?? []) : []
  const own = new Set(tokens.map((name) => name.toLowerCase()))
  const forms = secrets
    .flatMap((secret) => formsOf(secret, variable))
    .filter(([form]) => form.length >= LEAST)
    .toSorted(([one], [other]) => other.length - one.length)
  const text = (shown: string): string =>
    forms.reduce((all, [form]) => all.replaceAll(form, HIDDEN), shown)
  return {
    text,
    header: (name, value) => (own.has(name) || isCredentialName(name) ? HIDDEN : text(value)),
    parts: (shown) =>
      forms.reduce<readonly CurlPart[]>(
        (all, [form, command]) =>
          all.flatMap((part) =>
            typeof part === 'string' ? joined(part.split(form), { shell: `"${command}"` }) : [part],
          ),
        [shown],
      ),
  }
}

function joined(texts: readonly string[], between: CurlPart): readonly CurlPart[] {
  return texts.flatMap((text, at) => (at === 0 ? [text] : [between, text]))
}

/**
 * Returns every text that a secret can become: in a header, a URL, JSON or Basic authentication. Each text comes with a
 * shell expression that produces it.
 */
function formsOf(
  secret: string,
  variable: string,
): readonly (readonly [form: string, command: string])[] {
  const colon = secret.indexOf(':')
  return [
    [secret, `$${variable}`],
    [JSON.stringify(secret).slice(1, -1), `$${variable}`],
    [encodeURIComponent(secret), `$${variable}`],
    [Buffer.from(secret).toString('base64'), `$(printf %s "$${variable}" | base64 -w 0)`],
    ...(colon < 0 ? [] : [[secret.slice(colon + 1), `\${${variable}#*:}`] as const]),
  ]
}
