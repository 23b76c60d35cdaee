// A photo is made small on the phone before it is sent, and sent as soon as it is taken. Where that fails it goes as it is.
(() => {
  const EDGE = 1600;

  const smaller = async (file) => {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, EDGE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((give) => canvas.toBlob(give, "image/jpeg", 0.85));
    const files = new DataTransfer();
    files.items.add(new File([blob], "code.jpg", { type: "image/jpeg" }));
    return files.files;
  };

  document.addEventListener("change", async ({ target }) => {
    if (!target.matches("[data-photo]") || !target.files.length) return;
    const form = target.closest("form");
    form.querySelector("[data-photo-said]").hidden = false;
    try {
      target.files = await smaller(target.files[0]);
    } catch {
      // an old web view, or a format it cannot draw: the server says what it can do with it
    }
    form.submit();
  });
})();
