import { render } from 'preact'
import { App } from './app.tsx'
import { takeKeys } from './data/keys.ts'
import { followLinks } from './data/route.ts'
import './style/style.css'

document.addEventListener('click', followLinks)
document.addEventListener('keydown', takeKeys)
render(<App />, document.querySelector('#page')!)
