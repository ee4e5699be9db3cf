const listeners = new WeakMap()

const KEYS = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘V" : "Ctrl+V"
const HINT = matchMedia("(hover: none)").matches ? "" : `or press ${KEYS} anywhere on this page`
const NONE = "There is no image on the clipboard."
const NOT_ALLOWED = `The browser does not let this button read the clipboard. Press ${KEYS} instead.`
const UNREADABLE = "The image could not be read; save it as PNG and upload it."

export default function ({ data, parentElement, setTriggerValue }) {
  const area = parentElement.querySelector(".paste")
  const status = area.querySelector("span")
  area.hidden = !data.shown
  status.textContent ||= HINT

  async function send(file) {
    status.textContent = "Pasting…"
    try {
      setTriggerValue("pasted", await base64(await reduced(file, data.side, data.bytes)))
      status.textContent = HINT
    } catch {
      status.textContent = UNREADABLE
    }
  }

  area.querySelector("button").onclick = async () => {
    let file
    try {
      file = await clipboardImage()
    } catch {
      status.textContent = NOT_ALLOWED
      return
    }
    if (file) await send(file)
    else status.textContent = NONE
  }

  ignore(parentElement)
  const heard = event => {
    const file = [...event.clipboardData.files].find(file => file.type.startsWith("image/"))
    if (!file || event.defaultPrevented || isText(event)) return
    event.preventDefault()
    send(file)
  }
  document.addEventListener("paste", heard)
  listeners.set(parentElement, heard)
  return () => ignore(parentElement)
}

function ignore(owner) {
  document.removeEventListener("paste", listeners.get(owner))
  listeners.delete(owner)
}

// Text that goes into a text field stays text: office programs put a picture of it on the clipboard too.
function isText(event) {
  const field = event.composedPath()[0]
  const writes = field.isContentEditable || /^(INPUT|TEXTAREA)$/.test(field.tagName)
  return writes && event.clipboardData.types.includes("text/plain")
}

async function clipboardImage() {
  for (const item of await navigator.clipboard.read()) {
    const type = item.types.find(type => type.startsWith("image/"))
    if (type) return item.getType(type)
  }
}

// The file as it is when it is small enough, or of a kind that only the server may know; else a smaller copy.
async function reduced(file, side, most) {
  const picture = await createImageBitmap(file).catch(() => null)
  const scale = picture ? side / Math.max(picture.width, picture.height) : 1
  if (!picture || (scale >= 1 && file.size <= most)) return file.size <= most ? file : new Blob()
  const canvas = document.createElement("canvas")
  canvas.width = Math.round(picture.width * Math.min(1, scale))
  canvas.height = Math.round(picture.height * Math.min(1, scale))
  const context = canvas.getContext("2d")
  context.imageSmoothingQuality = "high"
  context.drawImage(picture, 0, 0, canvas.width, canvas.height)
  const png = await new Promise(done => canvas.toBlob(done, "image/png"))
  if (png.size <= most) return png
  context.globalCompositeOperation = "destination-over"
  context.fillStyle = "white"
  context.fillRect(0, 0, canvas.width, canvas.height)
  return new Promise(done => canvas.toBlob(done, "image/jpeg", 0.92))
}

async function base64(file) {
  const reader = new FileReader()
  const url = await new Promise((done, failed) => {
    reader.onload = () => done(reader.result)
    reader.onerror = failed
    reader.readAsDataURL(file)
  })
  return url.slice(url.indexOf(",") + 1)
}
