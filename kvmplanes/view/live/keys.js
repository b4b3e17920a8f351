// SPDX-License-Identifier: GPL-2.0-only
// Keeps JupyterLab's shortcuts from the lists around it that have the focus. Lumino asks the element itself first, so
// the mark must stand there and not on what is around it. Its words are shown, by keys.css, when the kernel is gone.
export default {
  render({ el }) {
    const gone = document.createElement("p");
    gone.className = "kp-restart";
    gone.setAttribute("role", "alert");
    gone.textContent = "The kernel was restarted: run this cell again.";
    el.append(gone);
    const mark = ({ target }) => {
      const isNear = el.closest(".widget-vbox")?.contains(target);
      if (isNear && target.tagName === "SELECT") target.dataset.lmSuppressShortcuts = "true";
    };
    document.addEventListener("focusin", mark);
    return () => document.removeEventListener("focusin", mark);
  },
};
