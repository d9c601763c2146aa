import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['/', 'search'],
  ['j k', 'next and previous row'],
  ['enter', 'open'],
  ['esc', 'back'],
  ['r', 'run again'],
  ['e', 'explain'],
  ['c', 'copy as curl'],
  ['t', 'copy as test'],
  ['y', 'copy the id'],
  ['g h', 'health'],
  ['g l', 'list of deliveries'],
  ['u', 'times in UTC or in your zone'],
  ['?', 'these keys'],
]

/** All keys, in a dialog. */
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
          <button type="button" class="quiet" onClick={close}>
            Close
          </button>
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
      </div>
    </dialog>
  )
}
