import { Component, createElement, type ComponentType, type JSX } from 'preact'

/** Draws a component again only if one of its properties is another value. */
export function memo<Props extends object>(
  drawn: (props: Props) => JSX.Element,
): (props: Props) => JSX.Element {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const before = this.props as Props
      return (Object.keys(next) as (keyof Props)[]).some((name) => next[name] !== before[name])
    }

    override render(props: Props): JSX.Element {
      return drawn(props)
    }
  }
  return (props) => createElement(Memo as unknown as ComponentType<Props>, props)
}
