import type { CatalogueEntry } from '@postern/providers'
import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { type ExitCode, remark, say, sayJson, sayWhole } from '../print/say.ts'
import { requireOneOf } from '../options/checked-options.ts'
import { anatomyOf } from '../sender/anatomy.ts'
import { aboutOf, variablesOf, gatewayNames, gatewayOf } from '../sender/sender.ts'
import { setupRows } from '../sender/setup.ts'
import { hostNames, type HostName } from '../hosts.ts'
import { snippetOf } from '../sender/snippet.ts'
import { lasting } from '../print/style.ts'
import { table } from '../print/table.ts'
import { styled } from '../print/terminal.ts'

export function declare(command: Command): void {
  command
    .option('--json', 'print JSON')
    .option('--host <name>', `print an app for: ${hostNames.join(', ')}, all`)
    .option('--behind <gateway>', `print the app behind: ${gatewayNames.join(', ')}`)
    .addHelpText(
      'after',
      examples(
        'providers',
        'providers twilio',
        'providers stripe --host koa',
        'providers github --behind hookdeck',
      ),
    )
    .action(runAction(providersCommand))
}

async function providersCommand(
  name: string | undefined,
  options: {
    readonly json?: boolean
    readonly host?: HostName | 'all'
    readonly behind?: string
  },
): Promise<ExitCode> {
  const { host } = options
  if (host !== undefined) requireOneOf('--host', host, [...hostNames, 'all'])
  if (name === undefined) {
    const { catalogue } = await import('@postern/providers/catalogue')
    const all = [...catalogue.values()]
    if (options.json) sayJson(all.map(plain), 2)
    else
      say(
        table(
          [
            ['name', 'sender', 'secret', 'sign'],
            ...all.map((about) => [
              about.name,
              about.title,
              about.secretOption ?? '–',
              about.canSign ? 'yes' : 'no',
            ]),
          ],
          { drops: ['secret', 'sender'] },
        ),
      )
    return 0
  }
  const about = await aboutOf(name)
  const gateway = await gatewayOf(options.behind, about.name)
  if (options.json) sayJson({ ...plain(about), ...(await anatomyOf(about)) }, 2)
  else {
    const covers = about.covers ?? { body: 'bytes' }
    const signed = [
      covers.body === 'none' ? 'not the body' : `the ${covers.body} of the body`,
      ...(covers.url ? ['the URL'] : []),
      ...(covers.timestamp ? ['a time'] : []),
      ...(covers.id ? ['the id'] : []),
    ]
    const looks = await anatomyOf(about)
    say(
      styled('bold', `${about.title} (${about.name})${gateway ? `, behind ${gateway.title}` : ''}`),
    )
    say(about.docs)
    say(
      table(
        [
          ['scheme', about.scheme],
          ['is in', placed(about)],
          ['signed', signed.join(', ')],
          [
            'tolerance',
            typeof about.tolerance === 'number' ? `${about.tolerance} s` : about.tolerance,
          ],
          ...(looks
            ? [
                ['headers', looks.headers.join(', ') || 'none of its own'],
                ['id', looks.id],
              ]
            : []),
          ['methods', about.methods.join(', ')],
          ['formats', about.formats.join(', ')],
          ['handshakes', about.handshakes.join(', ') || 'none'],
          [
            'retries',
            about.retrySpan === undefined ? 'not said' : `for ${lasting(about.retrySpan)}`,
          ],
          ...deliveryRows(about),
          ['topics', about.topics.join(', ')],
          ['environment', variablesOf(gateway ?? about).join(', ')],
        ],
        { wraps: true },
      ),
    )
    say(gateway ? `\nat the gateway, ${gateway.title}` : '\nat the sender')
    say(
      table(
        setupRows(gateway ?? about).map(([what, text]) => [`  ${what}`, text]),
        { wraps: true },
      ),
    )
    say('\noptions')
    say(
      table(
        Object.entries(about.options).map(([option, text]) => [`  ${option}`, text]),
        { wraps: true },
      ),
    )
    for (const one of host === 'all' ? hostNames : [host ?? hostNames[0]!])
      sayWhole(`\n${styled('bold', one)}\n\n${snippetOf(about, one, gateway)}`)
    if (host === undefined)
      remark(`\nother hosts: --host ${hostNames.slice(1).join(', --host ')}, --host all`)
  }
  return 0
}

function plain(about: Awaited<ReturnType<typeof aboutOf>>): object {
  return Object.fromEntries(Object.entries(about).filter(([name]) => name !== 'create'))
}

function placed({ place }: CatalogueEntry): string {
  if (!place) return 'unknown'
  return Object.entries(place)
    .map(([kind, name]) => `${kind} ${String(name)}`)
    .join(', ')
}

/** Returns table rows about how the provider delivers. A fact that its documentation does not state is `unknown`. */
function deliveryRows({
  delivers,
  checked,
}: CatalogueEntry): readonly (readonly [string, string])[] {
  const { within, largest, redirect, after4xx, givesUp, ok, source } = delivers
  return [
    ['answer within', within === 'unknown' ? within : lasting(within)],
    ['answer', ok],
    ['largest body', largest === 'unknown' ? largest : `${largest} bytes`],
    ['a redirect', redirect],
    ['after a 4xx', after4xx],
    ['gives up', givesUp],
    ['checked', `${checked}, ${source}`],
  ]
}
