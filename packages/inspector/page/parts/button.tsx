import type { JSX } from 'preact'

type ButtonProps = JSX.IntrinsicElements['button']

/** A button that does not submit a form. */
export function Button(props: ButtonProps): JSX.Element {
  return <button type="button" {...props} />
}

/** A {@link Button} that looks like plain text. */
export function QuietButton(props: ButtonProps): JSX.Element {
  return <Button class="quiet" {...props} />
}
