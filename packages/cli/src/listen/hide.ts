import { isCredentialName } from '@postern/core/internal'
import type { Provider } from '@postern/core/scheme'
import type { CurlPart } from '@postern/samples'

/** Removes secrets from the texts that a delivery shows. */
export interface Hider {
  text(text: string): string
  /** The value of a header: a credential is hidden whole. */
  header(name: string, value: string): string
  /** Text for a command of a shell: each secret becomes an expression of the variable that holds it. */
  readonly parts: (text: string) => readonly CurlPart[]
}

const HIDDEN = '(hidden)'
// A shorter one stands in texts by chance.
const LEAST = 4

/** Makes it for the secrets of a provider. `variable` is the environment variable that holds the secret. */
export function createHider(
  provider: Provider,
  secrets: readonly string[],
  variable: string,
): Hider {
  // Where the body is not signed, the credential is a token. It is hidden even if it is not ours.
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

/** The forms of a secret in a header, a URL, a body or Basic authentication, with the shell expression for each. */
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
