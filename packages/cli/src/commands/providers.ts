import { say, type ExitCode } from '../outcome.ts'
import { aboutOf, variablesOf } from '../sender.ts'
import { lasting, styled, table } from '../style.ts'

/** `postern providers [name]`: the catalogue, or all about one sender. */
export async function providersCommand(
  name: string | undefined,
  options: { readonly json?: boolean },
): Promise<ExitCode> {
  if (name === undefined) {
    const { catalogue } = await import('@postern/providers/catalogue')
    const all = [...catalogue.values()]
    if (options.json) say(JSON.stringify(all.map(plain), undefined, 2))
    else
      say(
        table([
          ['name', 'sender', 'secret', 'sign'],
          ...all.map((about) => [
            about.name,
            about.title,
            about.secretOption ?? '–',
            about.canSign ? 'yes' : 'no',
          ]),
        ]),
      )
    return 0
  }
  const about = await aboutOf(name)
  if (options.json) say(JSON.stringify(plain(about), undefined, 2))
  else {
    const covers = about.covers ?? { body: 'bytes' }
    const signed = [
      covers.body === 'none' ? 'not the body' : `the ${covers.body} of the body`,
      ...(covers.url ? ['the URL'] : []),
      ...(covers.timestamp ? ['a time'] : []),
      ...(covers.id ? ['the id'] : []),
    ]
    say(styled('bold', `${about.title} (${about.name})`))
    say(about.docs)
    say(
      table([
        ['signed', signed.join(', ')],
        ['methods', about.methods.join(', ')],
        ['formats', about.formats.join(', ')],
        ['handshakes', about.handshakes.join(', ') || 'none'],
        ['retries', about.retrySpan === undefined ? 'not said' : `for ${lasting(about.retrySpan)}`],
        ['topics', about.topics.join(', ')],
        ['environment', variablesOf(about).join(', ')],
      ]),
    )
    say('\noptions')
    say(table(Object.entries(about.options).map(([option, text]) => [`  ${option}`, text])))
    const factory = about.name.replaceAll(/[-.](\w)/g, (_all, letter: string) =>
      letter.toUpperCase(),
    )
    const given =
      about.secretOption === undefined
        ? ''
        : ` ${about.secretOption}: process.env.${variablesOf(about)[0]} `
    say(
      `\n  import { createReceiver } from '@postern/core'\n  import { ${factory} } from '@postern/providers/${about.name.replaceAll('.', '-')}'\n\n  const receiver = createReceiver({ provider: ${factory}({${given}}) })\n  receiver.on('${about.topics[0] ?? '**'}', async (event) => {})`,
    )
  }
  return 0
}

function plain(about: Awaited<ReturnType<typeof aboutOf>>): object {
  return Object.fromEntries(Object.entries(about).filter(([name]) => name !== 'create'))
}
