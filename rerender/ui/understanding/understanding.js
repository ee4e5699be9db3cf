const PAUSE_MS = 250

let timer, heard, told

// `data.text` is what was understood, null where that is what was told last.
export default function ({ data, setTriggerValue }) {
  const field = () => [...document.querySelectorAll("textarea")].find(area => area.ariaLabel === data.label)
  const tell = () => {
    const text = field()?.value ?? told
    if (text === (data.text ?? told)) return
    told = text
    setTriggerValue("text", text)
  }
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(tell, PAUSE_MS)
  }
  document.removeEventListener("input", heard)
  heard = event => event.target === field() && wait()
  document.addEventListener("input", heard)
  // The page may have been drawn again, with the text as it was sent last, in the middle of a word.
  wait()
  return () => {
    clearTimeout(timer)
    document.removeEventListener("input", heard)
  }
}
