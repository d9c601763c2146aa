import type { JSX } from 'preact'
import { QuietButton } from './button.tsx'
import { useEffect, useRef } from 'preact/hooks'

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['/', 'search'],
  ['j k', 'next and previous row'],
  ['enter', 'open'],
  ['esc', 'back'],
  ['x', 'choose the row'],
  ['X', 'choose all rows up to it'],
  ['r', 'run again'],
  ['e', 'explain'],
  ['c', 'copy as curl'],
  ['t', 'copy as test'],
  ['y', 'copy the id'],
  ['g h', 'health'],
  ['g l', 'list of deliveries'],
  ['g a', 'actions of people'],
  ['u', 'times in UTC or in your zone'],
  ['?', 'these keys'],
]

const SYNTAX: readonly (readonly [form: string, does: string])[] = [
  ['cus_1 SMTP', 'in ids, topics, errors and payloads'],
  ['state:dead', 'tasks; also error:SMTP, subscription:mail'],
  ['status:401', 'deliveries; also outcome:rejected, code:…'],
  ['-topic:push', 'all but those'],
  ['since:2h', 'an age, today, yesterday or a date'],
  ['payload.a.b:7', 'a value of the payload'],
  ['"a: b"', 'text with a colon or a space'],
]

export function KeysHelp({ close }: { close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby="keys"
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div class="dialog">
        <header>
          <h2 id="keys">Keys</h2>
          <QuietButton onClick={close}>Close</QuietButton>
        </header>
        <dl class="keys">
          {KEYS.map(([keys, does]) => (
            <div key={keys}>
              <dt>
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <h2>Search</h2>
        <dl class="keys syntax">
          {SYNTAX.map(([form, does]) => (
            <div key={form}>
              <dt>
                <code>{form}</code>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </div>
    </dialog>
  )
}
